"""Errands as actors of a Ray cluster, one each.

They are detached, so that they outlive the driver that made them, and have names, by which who resumes a run finds
them. Killing an actor's process ends its evaluation, whose limits are watched from outside of it.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from shinka_core.config import RayJobConfig
from shinka_core.errors import ConfigError, LaunchError
from shinka_core.launch.elsewhere.doing import do
from shinka_core.launch.elsewhere.errand import Errand, Outcome, Ticket

logger = logging.getLogger("shinka.launch")

NAMESPACE = "shinka"
ROOT = str(Path(__file__).resolve().parents[3])
# Ray asks its actors nothing but this; several, so that it answers while an evaluation goes on.
AT_ONCE = 4


class _Doer:
    """Does one errand, in a process of its own, and keeps the outcome until it is fetched."""

    def __init__(self, said: dict[str, Any]) -> None:
        self._said = said
        self._doing: asyncio.Task[Outcome] | None = None

    async def begin(self) -> bool:
        self._task()
        return True

    async def outcome(self) -> dict[str, Any]:
        return (await asyncio.shield(self._task())).dump()

    async def end(self) -> None:
        if self._doing is not None and not self._doing.done():
            self._doing.cancel()
            await asyncio.wait([self._doing])

    def _task(self) -> asyncio.Task[Outcome]:
        if self._doing is None:
            self._doing = asyncio.create_task(do(Errand.load(self._said)))
        return self._doing


class Ray:
    """A cluster, by its address, or one on this machine for as long as this process lives."""

    def __init__(self, config: RayJobConfig) -> None:
        """Connects to nothing yet."""
        self._config = config
        self._connecting = asyncio.Lock()
        self._connected = False
        self._own = False

    async def start(self, errand: Errand, ticket: Ticket) -> None:  # noqa: ARG002 - its outcome is in no folder
        """Makes an actor and has it begin; it waits in Ray's queue until a node has room."""
        ray = await self._ray()
        options: dict[str, Any] = {
            "name": errand.name, "namespace": NAMESPACE, "lifetime": "detached", "max_restarts": 0, "max_concurrency": AT_ONCE,
            "num_cpus": self._config.cpus, "num_gpus": self._config.gpus, "resources": self._config.resources or None,
        }  # fmt: skip

        def make() -> None:
            actor = ray.remote(_Doer).options(**options).remote(errand.dump())
            actor.begin.remote()

        await _calling("take an evaluation", make, self._config.launch_timeout)

    async def knows(self, ticket: Ticket) -> bool:
        """Whether its actor is there."""
        return await self._actor(ticket) is not None

    async def outcome(self, ticket: Ticket) -> Outcome:
        """Waits for the actor."""
        from ray.exceptions import RayError

        actor = await self._actor(ticket)
        if actor is None:
            raise LaunchError(f"the cluster does not know the evaluation {ticket.name} any more")
        try:
            return Outcome.load(await _answer(actor.outcome.remote()))
        except RayError as error:
            told = str(error).strip().splitlines()[0]
            raise LaunchError(f"the cluster lost an evaluation: {type(error).__name__}: {told}") from error

    async def end(self, ticket: Ticket) -> None:
        """Ends the evaluation, and its actor."""
        from ray.exceptions import RayError

        actor = await self._actor(ticket)
        if actor is None:
            return
        with suppress(RayError, TimeoutError):
            await asyncio.wait_for(_answer(actor.end.remote()), 1.0)  # one that waits for room has nothing to end
        ray = await self._ray()
        await _calling("end an evaluation", lambda: ray.kill(actor, no_restart=True), self._config.launch_timeout)

    async def close(self) -> None:
        """Disconnects, unless who embeds this was connected before; a cluster of this process's own ends."""
        if self._connected:
            self._connected = False
            if self._own:
                ray = await self._ray(connect=False)
                await asyncio.to_thread(ray.shutdown)

    async def _actor(self, ticket: Ticket) -> Any:
        ray = await self._ray()
        try:
            return await _calling(
                "find an evaluation",
                lambda: ray.get_actor(ticket.name, namespace=NAMESPACE),
                self._config.launch_timeout,
            )
        except LookupError:
            return None

    async def _ray(self, *, connect: bool = True) -> Any:
        ray: Any = import_module("ray")

        async with self._connecting:
            if connect and not self._connected:
                options: dict[str, Any] = {"runtime_env": {"env_vars": {"PYTHONPATH": ROOT}}}

                def init() -> None:
                    self._own = not ray.is_initialized()
                    if self._own:
                        ray.init(
                            address=self._config.address, namespace=NAMESPACE, log_to_driver=False, configure_logging=False,
                            include_dashboard=False if self._config.address is None else None, **options,
                        )  # fmt: skip

                await _calling("be reached", init, self._config.launch_timeout)
                self._connected = True
        return ray


async def _answer(reference: Any) -> Any:
    """Waits for what an actor returns; who is cancelled meanwhile waits no more, which Ray's client does not bear itself."""
    loop = asyncio.get_running_loop()
    told: asyncio.Future[Any] = loop.create_future()

    def tell(answer: Any) -> None:
        if told.done():
            return
        if (error := answer.exception()) is not None:
            told.set_exception(error)
        else:
            told.set_result(answer.result())

    def heard(answer: Any) -> None:
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(tell, answer)

    reference.future().add_done_callback(heard)
    return await told


async def _calling(what: str, act: Any, timeout: float) -> Any:
    """Calls something of Ray's in a thread; what goes wrong is an error of the launch."""
    try:
        async with asyncio.timeout(timeout):
            return await asyncio.to_thread(act)
    except ValueError as error:
        if "actor" in str(error) and "name" in str(error):
            raise LookupError(str(error)) from error
        raise LaunchError(f"the Ray cluster could not {what}: {error}") from error
    except TimeoutError:
        raise LaunchError(f"the Ray cluster could not {what} in {timeout:g} s (launch_timeout)") from None
    except Exception as error:
        raise LaunchError(f"the Ray cluster could not {what}: {type(error).__name__}: {error}") from error


def check_ray() -> None:
    """Whether Ray is installed.

    Raises:
        ConfigError: It is not.
    """
    try:
        import_module("ray")
    except ImportError as error:
        raise ConfigError(
            f"kind='ray' (section 'job') needs Ray, which cannot be imported ({error}): pip install 'shinka-prefect[ray]'"
        ) from error
