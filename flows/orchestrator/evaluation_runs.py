"""Errands as flow runs of a deployment of their own: evaluations on any work pool of the Prefect server.

One watcher asks the server for all of a driver's runs together.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterKey,
    FlowRunFilter,
    FlowRunFilterName,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled, Cancelling

from flows.orchestrator.server_calls import ORCHESTRATOR_AWAY, ServerCalls, reason_of
from shinka_core.config import PrefectJobConfig
from shinka_core.errors import LaunchError, OrchestratorError
from shinka_core.launch.elsewhere import ElsewhereLauncher, Errand
from shinka_core.launch.elsewhere.agent import OUTCOME, beside
from shinka_core.launch.elsewhere.errand import Outcome, Ticket, left
from shinka_core.launch.launcher import Launcher

logger = logging.getLogger("shinka.launch")

TAG = "evaluation"
PAGE = 100
# Seconds beyond its time limit after which a run without an end has lost its machine.
OVERDUE = 120.0
# Seconds between two looks for an outcome that a shared folder may show late, and looks.
LOOK_AGAIN, LOOKS = 0.5, 20


class EvaluationRuns:
    """Runs of one deployment."""

    def __init__(self, config: PrefectJobConfig) -> None:
        """Asks for nothing yet."""
        self._config = config
        self._calls: ServerCalls | None = None
        self._opening = asyncio.Lock()
        self._deployment: UUID | None = None
        self._waiting: dict[str, asyncio.Future[FlowRun | None]] = {}
        self._watching: asyncio.Task[None] | None = None

    async def start(self, errand: Errand, ticket: Ticket) -> None:
        """Has the server make a run; asked again for the same errand it makes no second one."""
        deployment = await self._deployed()
        parameters = {"errand": errand.dump(), "key": "" if errand.sent else ticket.key}

        async def make(client: PrefectClient) -> object:
            return await client.create_flow_run_from_deployment(
                deployment, parameters=parameters, name=errand.name, idempotency_key=errand.name, tags=[TAG],
                job_variables=self._config.job_variables or None,
            )  # fmt: skip

        await self._call("start an evaluation", make)

    async def knows(self, ticket: Ticket) -> bool:
        """Whether its run is on its way, or has left an outcome."""
        run = (await self._runs([ticket.name])).get(ticket.name)
        if run is not None and run.state is not None and not run.state.is_final() and not run.state.is_cancelling():
            return True
        return await self._outcome(ticket) is not None

    async def outcome(self, ticket: Ticket) -> Outcome:
        """Waits for the end of its run."""
        run = await self._end_of(ticket.name)
        for look in range(LOOKS):
            if (found := await self._outcome(ticket)) is not None:
                return found
            if look and (run is None or run.state is None or not run.state.is_completed()):
                break
            await asyncio.sleep(LOOK_AGAIN)
        if run is None or run.state is None:
            raise LaunchError(f"the Prefect server does not know the evaluation {ticket.name} any more")
        raise LaunchError(
            f"the evaluation's run {run.name} ended as {run.state.name} and left no outcome: {run.state.message}"
        )

    async def end(self, ticket: Ticket) -> None:
        """Cancels its run, and takes the outcome away."""
        run = (await self._runs([ticket.name])).get(ticket.name)
        if run is not None and run.state is not None and not run.state.is_final():
            # One that no worker has taken has nobody who would end it.
            state = Cancelled() if run.state.is_scheduled() else Cancelling()

            async def cancel(client: PrefectClient) -> object:
                return await client.set_flow_run_state(run.id, state)

            await self._call("cancel an evaluation", cancel)
        beside(ticket.results_dir, OUTCOME).unlink(missing_ok=True)

        async def forget(client: PrefectClient) -> None:
            for artifact in await client.read_artifacts(artifact_filter=_of(ticket)):
                await client.delete_artifact(artifact.id)

        if self._config.files == "sent":
            await self._call("forget an outcome", forget)

    async def close(self) -> None:
        """Asks for nothing any more."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait([self._watching])
        if self._calls is not None:
            await self._calls.__aexit__(None, None, None)
            self._calls = None

    async def _outcome(self, ticket: Ticket) -> Outcome | None:
        if self._config.files == "shared":
            return await asyncio.to_thread(left, beside(ticket.results_dir, OUTCOME), ticket.key)

        async def read(client: PrefectClient) -> Any:
            return await client.read_artifacts(artifact_filter=_of(ticket))

        found: Any = await self._call("read an outcome", read)
        if not found:
            return None
        data = found[0].data
        return Outcome.load(json.loads(data) if isinstance(data, str) else data)

    async def _end_of(self, name: str) -> FlowRun | None:
        future = self._waiting.setdefault(name, asyncio.get_running_loop().create_future())
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._watch())
        try:
            return await asyncio.shield(future)
        finally:
            self._waiting.pop(name, None)

    async def _watch(self) -> None:
        while self._waiting:
            await asyncio.sleep(self._config.poll)
            names = list(self._waiting)
            try:
                runs = await self._runs(names)
            except LaunchError as error:
                logger.warning("evaluations cannot be looked for: %s; they go on and are waited for", error)
                continue
            for name in names:
                run, future = runs.get(name), self._waiting.get(name)
                if future is None or future.done():
                    continue
                if run is None or run.state is None or run.state.is_final():
                    future.set_result(run)
                elif _is_overdue(run):
                    future.set_exception(
                        LaunchError(
                            f"the evaluation's run {name} is {run.state.name} long after its time limit; its machine is lost"
                        )
                    )

    async def _runs(self, names: Sequence[str]) -> dict[str, FlowRun]:
        found: dict[str, FlowRun] = {}
        for begin in range(0, len(names), PAGE):
            page = list(names[begin : begin + PAGE])

            async def read(client: PrefectClient, page: list[str] = page) -> list[FlowRun]:
                return await client.read_flow_runs(
                    flow_run_filter=FlowRunFilter(
                        name=FlowRunFilterName(any_=page), tags=FlowRunFilterTags(all_=[TAG])
                    ),
                    limit=PAGE,
                )

            found |= {run.name: run for run in await self._call("look for evaluations", read)}
        return found

    async def _deployed(self) -> UUID:
        if self._deployment is None:
            name = self._config.deployment

            async def find(client: PrefectClient) -> Any:
                return await client.read_deployment_by_name(name)

            try:
                found = await self._call("find the deployment", find)
            except ObjectNotFound as error:
                raise LaunchError(
                    f"deployment={name!r} (section 'job') is none of this Prefect server's; make it with "
                    "`prefect deploy --prefect-file deployments/prefect.yaml`"
                ) from error
            self._deployment = found.id
        assert self._deployment is not None
        return self._deployment

    async def _call(self, what: str, request: Any) -> Any:
        async with self._opening:
            if self._calls is None:
                self._calls = await ServerCalls().__aenter__()
        try:
            return await self._calls.call(what, request)
        except ObjectNotFound:
            raise
        except (*ORCHESTRATOR_AWAY, OrchestratorError) as error:
            raise LaunchError(f"the Prefect server could not {what}: {reason_of(error)}") from error


def _of(ticket: Ticket) -> ArtifactFilter:
    return ArtifactFilter(key=ArtifactFilterKey(any_=[ticket.name]))


def _is_overdue(run: FlowRun) -> bool:
    """Whether nobody can be doing it any more, by its time limit; without one nothing tells."""
    limit: float | None = cast("dict[str, Any]", run.parameters.get("errand") or {}).get("time_limit")
    if limit is None or run.state is None or not run.state.is_running():
        return False
    return (datetime.now(UTC) - run.state.timestamp).total_seconds() > limit + OVERDUE


def runs_of_a_deployment(config: PrefectJobConfig, hidden: Sequence[Path] = ()) -> Launcher:
    """Evaluations as runs of a deployment."""
    return ElsewhereLauncher("prefect", config, EvaluationRuns(config), hidden)
