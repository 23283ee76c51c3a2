"""A flow run inside a flow run for two requests to the server instead of nine.

Prefect's own subflow call registers the flow, makes a placeholder task run, looks for an earlier
run, creates the flow run as pending, names it, proposes `Running`, reads it back and proposes the
final state: nine round trips, most of them writes. A generation is never looked for (the journal
in the program database knows whether it is done), so here the flow run is created as `Running`
under its name, below one placeholder that all generations of an evolution share, and gets its
final state at the end. What the UI shows is the same: children of the evolution's flow run with
task runs inside.

This leans on four methods of Prefect's `AsyncFlowRunEngine` (3.8). Should one of them change, set
`SHINKA_PLAIN_SUBFLOWS=1`: generations then run as ordinary subflows.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID

import httpx
from prefect import Flow
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import FlowRunCreate, TaskRunCreate
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.context import FlowRunContext
from prefect.exceptions import PrefectException
from prefect.flow_engine import AsyncFlowRunEngine
from prefect.states import Completed, Running, to_state_create

from flows.orchestrator.profile import SHARED_PARENT

PLAIN_SUBFLOWS = "SHINKA_PLAIN_SUBFLOWS"
PLACEHOLDER = "generations"


class Parent:
    """Where the lean runs of one evolution hang.

    Attributes:
        flow_id: Of the flow that is run.
        task_run_id: The placeholder in the evolution's flow run, or None outside of one.
    """

    def __init__(self, flow_id: UUID, task_run_id: UUID | None) -> None:
        self.flow_id = flow_id
        self.task_run_id = task_run_id


@asynccontextmanager
async def shared_parent(flow: Flow[..., Any]) -> AsyncGenerator[Parent, None]:
    """Registers the flow and makes the placeholder, once per evolution; completes it at the end."""
    parent = await _register(flow)
    try:
        yield parent
    finally:
        if parent.task_run_id is not None:
            with suppress(httpx.HTTPError, PrefectException):  # only the UI would have shown it
                async with get_client() as client:
                    await client.set_task_run_state(parent.task_run_id, Completed(), force=True)


async def _register(flow: Flow[..., Any]) -> Parent:
    async with get_client() as client:
        flow_id = await client.create_flow(flow)
        context = FlowRunContext.get()
        if context is None or context.flow_run is None:
            return Parent(flow_id, None)
        placeholder = TaskRunCreate(
            id=None,
            name=PLACEHOLDER,
            flow_run_id=context.flow_run.id,
            task_key=f"{flow.name}-{PLACEHOLDER}",
            dynamic_key=f"{PLACEHOLDER}-{context.flow_run.run_count}",
            state=to_state_create(Running()),
        )
        response = await client.request("POST", "/task_runs/", json=placeholder.model_dump(mode="json", exclude={"id"}))
        response.raise_for_status()
        return Parent(flow_id, UUID(response.json()["id"]))


async def run_lean(flow: Flow[..., Any], parent: Parent, name: str, parameters: dict[str, Any]) -> State[Any]:
    """Runs an async flow below the placeholder and returns its final state.

    Args:
        name: Of the flow run.
        parameters: Of the flow; must be JSON.
    """
    if os.environ.get(PLAIN_SUBFLOWS):
        return await flow(**parameters, return_state=True)
    engine: _LeanEngine = _LeanEngine(flow=flow, parameters=parameters, parent=parent, run_name=name)
    async with engine.start():
        while engine.is_running():
            async with engine.run_context():
                await engine.call_flow_fn()
    return engine.state


class _LeanEngine(AsyncFlowRunEngine[Any, Any]):
    def __init__(self, *, parent: Parent, run_name: str, **options: Any) -> None:
        super().__init__(**options)
        self._parent = parent
        self._run_name = run_name
        self._flow_run_name_set = True

    @property
    def heartbeat_seconds(self) -> int | None:
        """None: a thread per generation would beat for what the evolution's own flow run shows."""
        return None

    async def create_flow_run(self, client: PrefectClient) -> FlowRun:
        """Creates the run as running, in one request."""
        request = FlowRunCreate(
            name=self._run_name,
            flow_id=self._parent.flow_id,
            parameters=self.parameters or {},
            parent_task_run_id=self._parent.task_run_id,
            context={SHARED_PARENT: True},
            state=to_state_create(Running()),
        )
        body = request.model_dump(mode="json", exclude={"id"}, exclude_none=True)
        response = await client.request("POST", "/flow_runs/", json=body)
        response.raise_for_status()
        return FlowRun.model_validate(response.json())

    async def begin_run(self) -> State[Any]:
        """Has nothing to propose: the run was created running."""
        assert self.flow_run is not None
        assert self.flow_run.state is not None
        assert self.flow_run.state.type is StateType.RUNNING
        return self.flow_run.state

    async def set_state(self, state: State[Any], force: bool = True) -> State[Any]:
        """Sets a final state without the server's rules for retries, caching and concurrency, which it has none of."""
        return await super().set_state(state, force=force)

    @asynccontextmanager
    async def setup_run_context(self, client: PrefectClient | None = None) -> AsyncGenerator[None, None]:
        """Hands the engine the run it would read back."""
        assert self.flow_run is not None
        async with super().setup_run_context(_knowing(client or self.client, self.flow_run)):
            yield


class _KnowingClient(PrefectClient):
    """A client that answers the question for one flow run by itself."""

    known: FlowRun

    async def read_flow_run(self, flow_run_id: UUID) -> FlowRun:
        if flow_run_id == self.known.id:
            return self.known
        return await super().read_flow_run(flow_run_id)


def _knowing(client: PrefectClient, run: FlowRun) -> PrefectClient:
    """The same client, connections and all, with one answer prepared."""
    knowing = object.__new__(_KnowingClient)
    knowing.__dict__.update(client.__dict__)
    knowing.known = run
    return knowing
