"""A flow run inside a flow run for two requests to the server instead of nine, none of them needed.

Prefect's own subflow call registers the flow, makes a placeholder task run, looks for an earlier
run, creates the flow run as pending, names it, proposes `Running`, reads it back and proposes the
final state: nine round trips, most of them writes. A generation is never looked for (the journal
in the program database knows whether it is done), so here the flow run is created as `Running`
under its name, below one placeholder that all generations of an evolution share, and gets its
final state at the end, along with the name and tags that say what came of it; a server that is not ours
is told these in a third request, and a slow one when all else is told. Nothing depends on what the server answers, so the final state is sent in
the background, and the creation is waited for only as long as a healthy server takes. What the UI
shows is the same: children of the evolution's flow run with task runs inside.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from uuid import UUID

from prefect import Flow
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun, State, StateType

from flows.orchestrator.early_run import EarlyRun
from flows.orchestrator.flow_run_label import end_labelled, send_label
from flows.orchestrator.parent_run import ParentRun
from flows.orchestrator.private import AsyncFlowRunEngine, keep_state, run_engine
from flows.orchestrator.server_calls import ServerCalls

# Before it has a flow run's own log, an engine tells its flow run's address: a line for every generation.
_silent = logging.getLogger("shinka.engine")
_silent.disabled = True


async def run_plain(flow: Flow[..., Any], parameters: dict[str, Any]) -> State[Any]:
    """Runs an async flow as an ordinary subflow and returns its final state."""
    return await flow(**parameters, return_state=True)


async def run_lean(
    flow: Flow[..., Any], parent: ParentRun, calls: ServerCalls, name: str, parameters: dict[str, Any]
) -> State[Any]:
    """Runs an async flow below the placeholder and returns its final state.

    Args:
        name: Of the flow run.
        parameters: Of the flow; must be JSON.
    """
    return await run_engine(_LeanEngine(flow=flow, parameters=parameters, parent=parent, calls=calls, run_name=name))


class _LeanEngine(AsyncFlowRunEngine[Any, Any]):
    def __init__(self, *, parent: ParentRun, calls: ServerCalls, run_name: str, **options: Any) -> None:
        super().__init__(logger=_silent, **options)
        self._parent = parent
        self._calls = calls
        self._run_name = run_name
        self._flow_run_name_set = True

    @property
    def heartbeat_seconds(self) -> int | None:
        """None: a thread per generation would beat for what the evolution's own flow run shows."""
        return None

    async def create_flow_run(self, client: PrefectClient) -> FlowRun:  # noqa: ARG002 - the calls have their own
        """Creates the run as running, in one request."""
        return await self._parent.begin(self._run_name, self.parameters or {})

    async def begin_run(self) -> State[Any]:
        """Has nothing to propose: the run was created running."""
        assert self.flow_run is not None
        assert self.flow_run.state is not None
        assert self.flow_run.state.type is StateType.RUNNING
        return self.flow_run.state

    async def set_state(self, state: State[Any], force: bool = True) -> State[Any]:
        """Sets a final state without the server's rules for retries, caching and concurrency, which it has none of."""
        run = keep_state(self.flow_run, state)
        assert isinstance(run, EarlyRun)

        async def tell(client: PrefectClient) -> None:
            labelled = run.name != self._run_name  # by what it came to
            if labelled and self._parent.takes_labels:
                if await end_labelled(run, state, client, force=force):
                    return
                self._parent.takes_labels = False
            else:
                await client.set_flow_run_state(run.id, state, force=force)
            if labelled:
                self._calls.sometime(f"the name of {self._run_name}", partial(send_label, run))

        run.when_known(lambda: self._calls.later(f"the end of {self._run_name}", tell))
        return state

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
