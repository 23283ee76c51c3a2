"""The flow run of a whole evolution, called from a program: its outcome does not hang on the server's last answer.

Prefect's engine reports a flow run's end to the server and raises what goes wrong with that, in
the place of the result. By then an evolution is in its database and on disk, so its outcome is
kept aside as soon as there is one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any, cast

from prefect import Flow
from prefect.client.schemas.objects import State

from flows.orchestrator.private import AsyncFlowRunEngine, keep_state, lean_subflows_work, run_engine
from flows.orchestrator.server_calls import ORCHESTRATOR_AWAY, reason_of
from shinka_core.database import RunSummary
from shinka_core.errors import OrchestratorError, UnfinishedError
from shinka_core.settings import TaskFolder

logger = logging.getLogger("shinka.orchestrator")

# Seconds for the flow run's own last state, once the evolution is over.
LAST_STATE = 60.0
LAST_STATE_OF_A_STOP = 5.0

_from: ContextVar[TaskFolder | None] = ContextVar("shinka_task_folder", default=None)
_listeners: ContextVar[Sequence[object]] = ContextVar("shinka_listeners", default=())
_come_to: ContextVar[Callable[[RunSummary], None] | None] = ContextVar("shinka_come_to", default=None)


def come_to(summary: RunSummary) -> None:
    """Says what the evolution that runs in this context has come to; called when all of it is stored."""
    keep = _come_to.get()
    if keep is not None:
        keep(summary)


def task_folder() -> TaskFolder | None:
    """Where the settings of the evolution that runs in this context came from, if from a task folder."""
    return _from.get()


def listeners() -> Sequence[object]:
    """Who is to be told of what the evolution records that runs in this context."""
    return _listeners.get()


async def outcome_of(
    flow: Flow[..., Any],
    parameters: dict[str, Any],
    task: TaskFolder | None = None,
    callbacks: Sequence[object] = (),
) -> RunSummary:
    """Calls the evolution's flow and returns what it came to, also when the server never hears of it.

    Args:
        parameters: All of the flow's.
        task: Where they came from; kept with the run, and no parameter.
        callbacks: Who is told of what is recorded.

    Raises:
        OrchestratorError: The Prefect server did not answer and nothing could begin.
        Exception: Whatever ended the flow before it came to something.
    """
    known: asyncio.Future[RunSummary] = asyncio.get_running_loop().create_future()
    token, origin, told = _come_to.set(known.set_result), _from.set(task), _listeners.set(callbacks)
    try:
        running = asyncio.ensure_future(_result_of(flow, parameters))
    finally:
        _come_to.reset(token)
        _from.reset(origin)
        _listeners.reset(told)
    try:
        await asyncio.wait([running])
    except asyncio.CancelledError:
        running.cancel()  # the flow stores what it has and ends
        await asyncio.wait([running])
        raise
    return _settled(running, known)


async def _result_of(flow: Flow[..., Any], parameters: dict[str, Any]) -> RunSummary:
    if lean_subflows_work():
        state = await run_engine(_EvolutionEngine(flow=flow, parameters=parameters))
    else:
        state = await flow(**parameters, return_state=True)
    # A run that was cancelled in the UI, or met an outage, has come to something too.
    try:
        return cast(RunSummary, await state.aresult(raise_on_failure=not state.is_cancelled()))
    except UnfinishedError as error:
        return error.summary


class _EvolutionEngine(AsyncFlowRunEngine[Any, Any]):
    """Prefect's engine, which would report a final state for minutes to a server that is not there any more."""

    async def set_state(self, state: State[Any], force: bool = False) -> State[Any]:
        if not state.is_final():
            return await super().set_state(state, force=force)
        limit = LAST_STATE if state.is_completed() else LAST_STATE_OF_A_STOP
        try:
            return await asyncio.wait_for(super().set_state(state, force=force), limit)
        except (TimeoutError, *ORCHESTRATOR_AWAY) as error:
            reason = "it does not answer" if isinstance(error, TimeoutError) else reason_of(error)
            logger.warning("the Prefect UI misses the end of the evolution: %s", reason)
            keep_state(self.flow_run, state)
            return state


def _settled(running: asyncio.Future[RunSummary], known: asyncio.Future[RunSummary]) -> RunSummary:
    error = None if running.cancelled() else running.exception()
    if not known.done():
        if isinstance(error, ORCHESTRATOR_AWAY):
            raise OrchestratorError(f"the Prefect server failed: {reason_of(error)}; nothing was begun") from error
        return running.result()
    if running.cancelled() or error is not None:
        reason = "it does not answer" if error is None else reason_of(error)
        logger.warning("the Prefect UI misses the end of the evolution (%s); its results are complete", reason)
    return known.result()
