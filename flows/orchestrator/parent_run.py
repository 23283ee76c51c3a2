"""What the flow runs of an evolution's generations hang below, made again when a server has lost it.

Prefect keeps a flow run below another through a placeholder task run in the parent. All
generations of an evolution share one. After `prefect server database reset`, or on a server that
comes back empty, flow, parent and placeholder are gone: then they are registered anew, with a flow
run of the evolution's name in the place of the one that was lost.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from uuid import UUID

from prefect import Flow
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import FlowRunCreate, TaskRunCreate
from prefect.context import FlowRunContext
from prefect.states import Completed, Running, to_state_create

from flows.orchestrator.early_run import EarlyRun
from flows.orchestrator.profile import SHARED_PARENT
from flows.orchestrator.server_calls import ORCHESTRATOR_AWAY, ServerCalls, reason_of
from shinka_core.errors import OrchestratorError

logger = logging.getLogger("shinka.orchestrator")

PLACEHOLDER = "generations"
# Seconds that the answer to a creation is waited for; a healthy server takes hundredths.
PROMPT = 1.0
# So many requests may be unanswered before generations wait for the server again.
BACKLOG = 200


class ParentRun:
    """Where the flow runs of one evolution's generations hang.

    Attributes:
        flow_id: Of the flow that is run.
        task_run_id: The placeholder in the evolution's flow run, or None outside of one.
        age: How often it was made anew.
        takes_labels: Whether the server takes names and tags along with states, as far as is known.
    """

    def __init__(self, flow: Flow[..., Any], calls: ServerCalls, name: str = PLACEHOLDER) -> None:
        """Makes nothing yet.

        Args:
            name: Of the placeholder.
        """
        self._flow = flow
        self._name = name
        self._calls = calls
        self._renewing = asyncio.Lock()
        self._substitute: UUID | None = None
        self._late = False
        self._gone: OrchestratorError | None = None
        self.flow_id: UUID
        self.task_run_id: UUID | None = None
        self.age = 0
        self.takes_labels = True

    async def register(self) -> None:
        """Registers the flow and makes the placeholder in the flow run that this is called in."""
        self.flow_id = await self._calls.call("register the flow", lambda client: client.create_flow(self._flow))
        context = FlowRunContext.get()
        if context is not None and context.flow_run is not None:
            self.task_run_id = await self._placeholder(context.flow_run.id, context.flow_run.run_count)

    async def begin(self, name: str, parameters: dict[str, Any]) -> EarlyRun:
        """Creates a flow run below the placeholder, running; waits for the answer only while answers come promptly.

        Args:
            name: Of the flow run.
            parameters: Of the flow; must be JSON.

        Raises:
            OrchestratorError: The server stays away for longer than the patience.
            PrefectException: It refuses, also after the parent was made anew.
        """
        if self._gone is not None:
            raise self._gone
        run = EarlyRun(flow_id=self.flow_id, name=name, parameters=parameters, state=Running())
        creation = self._calls.aside(self._create(run))
        limit = None if self._calls.waiting > BACKLOG else 0.0 if self._late else PROMPT
        try:
            await asyncio.wait([creation], timeout=limit)
        except asyncio.CancelledError:
            creation.cancel()
            raise
        if creation.done():
            creation.result()
        else:
            self._late = True
            creation.add_done_callback(partial(_tell_missing, run))
        return run

    async def _create(self, run: EarlyRun) -> None:
        for last in (False, True):
            age = self.age
            try:
                run.becomes(await self._calls.call(f"begin {run.name}", partial(begin_flow_run, self._request(run))))
            except OrchestratorError as error:
                self._gone = error
                raise
            except ORCHESTRATOR_AWAY:
                if last:
                    raise
                await self.renew(age)
            else:
                self._late = False
                return

    def _request(self, run: EarlyRun) -> FlowRunCreate:
        return FlowRunCreate(
            name=run.name,
            flow_id=self.flow_id,
            parameters=run.parameters,
            parent_task_run_id=self.task_run_id,
            context={SHARED_PARENT: True},
            state=to_state_create(Running()),
        )

    async def renew(self, age: int) -> None:
        """Registers everything again on a server that does not know it any more.

        Args:
            age: Of the parent that the caller met; when it is newer by now there is nothing to do.
        """
        async with self._renewing:
            if age != self.age:
                return
            logger.warning("the Prefect server has lost this evolution's flow run; going on below a new one")
            self.flow_id = await self._calls.call("register the flow", lambda client: client.create_flow(self._flow))
            context = FlowRunContext.get()
            if context is not None and context.flow is not None and context.flow_run is not None:
                evolve, name = context.flow, context.flow_run.name
                self._substitute = await self._calls.call(
                    "replace the flow run", lambda client: _begin(client, evolve, name)
                )
                self.task_run_id = await self._placeholder(self._substitute, self.age)
            self.age += 1

    def close(self) -> None:
        """Completes the placeholder, and a flow run that took the place of a lost one."""
        task_run_id, flow_run_id = self.task_run_id, self._substitute
        if task_run_id is not None:
            self._calls.later(
                "the end of the generations",
                lambda client: client.set_task_run_state(task_run_id, Completed(), force=True),
            )
        if flow_run_id is not None:
            self._calls.later(
                "the end of the evolution",
                lambda client: client.set_flow_run_state(flow_run_id, Completed(), force=True),
            )

    async def _placeholder(self, flow_run_id: UUID, turn: int) -> UUID:
        request = TaskRunCreate(
            id=None,
            name=self._name,
            flow_run_id=flow_run_id,
            task_key=f"{self._flow.name}-{self._name}",
            dynamic_key=f"{self._name}-{turn}",
            state=to_state_create(Running()),
        )

        async def create(client: PrefectClient) -> UUID:
            body = request.model_dump(mode="json", exclude={"id"})
            response = await client.request("POST", "/task_runs/", json=body)
            response.raise_for_status()
            return UUID(response.json()["id"])

        return await self._calls.call("make the placeholder of the generations", create)


def _tell_missing(run: EarlyRun, creation: asyncio.Task[None]) -> None:
    error = None if creation.cancelled() else creation.exception()
    if error is not None:
        logger.warning("the Prefect UI misses %s: %s", run.name, reason_of(error))


async def begin_flow_run(request: FlowRunCreate, client: PrefectClient) -> UUID:
    """Creates a flow run in the state that the request names; the client's own call creates pending ones. Returns its id."""
    body = request.model_dump(mode="json", exclude={"id"}, exclude_none=True)
    response = await client.request("POST", "/flow_runs/", json=body)
    response.raise_for_status()
    return UUID(response.json()["id"])


async def _begin(client: PrefectClient, flow: Flow[..., Any], name: str) -> UUID:
    request = FlowRunCreate(name=name, flow_id=await client.create_flow(flow), state=to_state_create(Running()))
    return await begin_flow_run(request, client)


@asynccontextmanager
async def parent_run(
    flow: Flow[..., Any], calls: ServerCalls, name: str = PLACEHOLDER
) -> AsyncGenerator[ParentRun, None]:
    """The parent of an evolution's generations, or other flow runs; it completes with the block."""
    parent = ParentRun(flow, calls, name)
    await parent.register()
    try:
        yield parent
    finally:
        parent.close()
