"""Errands as tasks of a Dask cluster.

A task outlives the client that submitted it, because the scheduler keeps it as a published dataset; who resumes a
run finds it there. A worker that dies has its tasks run elsewhere, as often as Dask allows. (A running task cannot be cancelled;
so each worker is told to end the errand.)
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from importlib import import_module
from typing import Any

from shinka_core.config import DaskJobConfig
from shinka_core.errors import ConfigError, LaunchError
from shinka_core.launch.elsewhere.doing import Doing
from shinka_core.launch.elsewhere.errand import Errand, Outcome, Ticket

logger = logging.getLogger("shinka.launch")

_doing = Doing()


def _do(said: dict[str, Any]) -> dict[str, Any]:
    """On a worker."""
    return _doing.do(Errand.load(said)).dump()


def _end(name: str) -> bool:
    """On every worker."""
    return _doing.end(name)


class Dask:
    """A cluster, by its scheduler's address, or one on this machine for as long as this is open."""

    def __init__(self, config: DaskJobConfig) -> None:
        """Connects to nothing yet."""
        self._config = config
        self._client: Any = None
        self._cluster: Any = None
        self._connecting = asyncio.Lock()

    async def start(self, errand: Errand, ticket: Ticket) -> None:  # noqa: ARG002 - its outcome is in no folder
        """Submits a task, and has the scheduler hold it."""
        client = await self._connected()
        resources = {"resources": self._config.resources} if self._config.resources else {}
        with _told("take an evaluation"):
            future = client.submit(_do, errand.dump(), key=errand.name, pure=False, **resources)
            await client.publish_dataset(future, name=errand.name)

    async def knows(self, ticket: Ticket) -> bool:
        """Whether the scheduler holds it."""
        return await self._found(ticket) is not None

    async def outcome(self, ticket: Ticket) -> Outcome:
        """Waits for the task."""
        from distributed import KilledWorker

        future = await self._found(ticket)
        if future is None:
            raise LaunchError(f"the cluster does not know the evaluation {ticket.name} any more")
        try:
            return Outcome.load(await future)
        except LaunchError:
            raise
        except KilledWorker as error:
            raise LaunchError(f"the evaluation's workers died, again and again: {error}") from error
        except asyncio.CancelledError:
            if future.cancelled() and not _is_cancelled():
                raise LaunchError(
                    f"the evaluation {ticket.name} was cancelled on the cluster, or its scheduler is gone"
                ) from None
            raise
        except Exception as error:
            raise LaunchError(f"the cluster could not run an evaluation: {type(error).__name__}: {error}") from error

    async def end(self, ticket: Ticket) -> None:
        """Ends the task wherever it runs, and has the scheduler forget it."""
        client = await self._connected()
        future = await self._found(ticket)
        if future is None:
            return
        with _told("end an evaluation"):
            if not future.done():
                await client.cancel([future], force=True)
                await client.run(_end, ticket.name, on_error="ignore")
            with suppress(KeyError):
                await client.unpublish_dataset(ticket.name)

    async def close(self) -> None:
        """Disconnects; a cluster of this process's own ends."""
        client, cluster, self._client, self._cluster = self._client, self._cluster, None, None
        with suppress(Exception):
            if client is not None:
                await client.close()
        with suppress(Exception):
            if cluster is not None:
                await cluster.close()

    async def _found(self, ticket: Ticket) -> Any:
        client = await self._connected()
        with suppress(KeyError), _told("find an evaluation"):
            return await client.get_dataset(ticket.name)
        return None

    async def _connected(self) -> Any:
        from distributed import Client, LocalCluster

        async with self._connecting:
            if self._client is None:
                with _told("be reached"):
                    address: Any = self._config.scheduler
                    if address is None:
                        own: dict[str, Any] = {"threads_per_worker": 1, "asynchronous": True, "dashboard_address": None}
                        resources = self._config.resources or None
                        self._cluster = address = await LocalCluster(
                            n_workers=self._config.workers, resources=resources, **own
                        )
                    self._client = await Client(
                        address, asynchronous=True, timeout=self._config.launch_timeout, set_as_default=False
                    )
            return self._client


class _told:  # noqa: N801 - a context manager
    """Turns what goes wrong with the cluster into an error of the launch."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, _trace: Any) -> None:
        if isinstance(error, Exception) and not isinstance(error, LaunchError | KeyError):
            raise LaunchError(f"the Dask cluster could not {self._what}: {type(error).__name__}: {error}") from error


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def check_dask() -> None:
    """Whether Dask is installed.

    Raises:
        ConfigError: It is not.
    """
    try:
        import_module("distributed")
    except ImportError as error:
        raise ConfigError(
            f"kind='dask' (section 'job') needs Dask, which cannot be imported ({error}): pip install 'shinka-prefect[dask]'"
        ) from error
