"""Flow runs whose process was killed: Prefect shows them as running until somebody says that they are over.

Every evolution signs its flow run with its process (`identity.py`) and gives a sign of life once a
minute. Whoever starts next on the same server closes the flow runs whose process is known to be gone:
on the same machine the process is looked for, by number and start; of another machine a quarter of an
hour of silence says so. A flow run without a signature is left alone.

One that a deployment made is handed to the next worker, which continues it; `flows/take_up.py` does nothing but that.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterParentFlowRunId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.states import AwaitingRetry, Cancelled, Completed, Crashed, Failed

from flows.orchestrator.identity import OWNER, SEEN, current_flow_run
from flows.orchestrator.server_calls import ORCHESTRATOR_AWAY
from shinka_core.database.ownership import known_to_be_gone, on_this_machine
from shinka_core.program import GenerationState

T = TypeVar("T")

logger = logging.getLogger("shinka.leftovers")

PAGE = 200
SILENCE = timedelta(minutes=15)
CRASHED = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.CRASHED]))
GOING = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.RUNNING, StateType.CANCELLING]))
# A generation may wait for a person; an evolution that is paused is somebody's wish.
IN_FLIGHT = FlowRunFilterState(
    type=FlowRunFilterStateType(any_=[StateType.RUNNING, StateType.CANCELLING, StateType.PAUSED])
)
ENDED = "its process ended without a word, as another evolution found; a retry continues it"
TAKEN_UP = "its process ended without a word; the next worker continues it"
# Attempts after which a run that ends without a word again and again is left to a person: it may be what kills workers.
ATTEMPTS = 5
UNTOLD = "its process ended before it could tell; the generation was {state}"

# What the journal knows of the current evolution: its name, and the generations that are over.
Known = tuple[str, Mapping[int, GenerationState]]


@asynccontextmanager
async def closing_leftovers(evolution: str, final: Mapping[int, GenerationState]) -> AsyncGenerator[None, None]:
    """Closes the flow runs that ended without a word, and their generations, while the block lasts.

    What is left over is known when the block begins. That includes generations that an earlier
    attempt of the current flow run left running.

    Args:
        evolution: The one that begins.
        final: Its generations that are over, whatever Prefect knows of them.
    """
    known = (evolution, final)
    closing = asyncio.create_task(_close(await _quietly(_find(known)) or [], known))
    try:
        yield
    finally:
        await closing


def lost_its_process(flow_run: FlowRun) -> bool:
    """Whether the process that signed a flow run is known to be gone."""
    owner, seen = flow_run.labels.get(OWNER), flow_run.labels.get(SEEN)
    if not owner or not seen:
        return False
    state, now = flow_run.state, datetime.now(UTC)
    signed = datetime.fromisoformat(str(seen)) + timedelta(seconds=1)  # it is written in whole seconds
    if state is not None and state.is_running() and state.timestamp >= signed:
        return now - state.timestamp > SILENCE  # another attempt has begun, and has not signed yet
    if on_this_machine(str(owner)):
        return known_to_be_gone(str(owner))
    return now - datetime.fromisoformat(str(seen)) > SILENCE


async def _quietly(asked: Awaitable[T]) -> T | None:
    """Without the Prefect server the evolution goes on; only what its UI shows is not put right."""
    try:
        return await asked
    except ORCHESTRATOR_AWAY as error:
        logger.warning("earlier flow runs could not be closed, the UI shows them as running: %s", error)
        return None


async def _find(known: Known) -> list[FlowRun]:
    current = current_flow_run()
    if current is None:
        return []
    evolutions = FlowFilter(name=FlowFilterName(any_=["evolve"]))
    async with get_client() as client:
        going = await _all(client, FlowRunFilter(state=GOING), evolutions)
        ended = [flow_run for flow_run in going if flow_run.id != current.id and lost_its_process(flow_run)]
        children = [
            child
            for flow_run in [current, *ended]
            for child in await _all(client, _children_of(flow_run.id, IN_FLIGHT))
        ]
        # Another evolution may have closed them meanwhile, and could not know that some were done.
        crashed = await _all(client, _children_of(current.id, CRASHED)) if current.run_count > 1 else []
    return [*children, *ended, *(child for child in crashed if _known_end(child, known) is not None)]


async def take_up() -> list[FlowRun]:
    """Closes the flow runs that ended without a word, outside of any evolution; returns those that go on.

    Raises:
        Exception: The Prefect server does not answer.
    """
    nothing: Known = ("", {})
    left = await _find(nothing)
    await _close(left, nothing)
    return [flow_run for flow_run in left if _goes_on(flow_run)]


async def _close(left: list[FlowRun], known: Known) -> None:
    if not left:
        return
    async with get_client() as client:
        for flow_run in left:
            await _quietly(client.set_flow_run_state(flow_run.id, _end_of(flow_run, known), force=True))
            if _goes_on(flow_run):
                await _quietly(client.set_flow_run_state(flow_run.id, AwaitingRetry(message=TAKEN_UP), force=True))


def _goes_on(flow_run: FlowRun) -> bool:
    """Whether the next worker is to continue it."""
    running = flow_run.state is not None and flow_run.state.is_running()
    return running and flow_run.deployment_id is not None and flow_run.run_count < ATTEMPTS


def _end_of(flow_run: FlowRun, known: Known) -> State[None]:
    end = _known_end(flow_run, known)
    if end is not None:
        told = UNTOLD.format(state=end.value)
        return Completed(message=told) if end is GenerationState.RECORDED else Failed(message=told)
    cancelling = flow_run.state is not None and flow_run.state.is_cancelling()
    return Cancelled(message=ENDED) if cancelling else Crashed(message=ENDED)


def _known_end(flow_run: FlowRun, known: Known) -> GenerationState | None:
    """How the journal says that the generation of a flow run ended; None for any other flow run."""
    evolution, final = known
    if flow_run.parameters.get("evolution") != evolution:
        return None
    return final.get(flow_run.parameters.get("number", -1))


def _children_of(parent: UUID, state: FlowRunFilterState) -> FlowRunFilter:
    return FlowRunFilter(parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=[parent]), state=state)


async def _all(client: PrefectClient, wanted: FlowRunFilter, flows: FlowFilter | None = None) -> list[FlowRun]:
    found: list[FlowRun] = []
    while page := await client.read_flow_runs(flow_filter=flows, flow_run_filter=wanted, limit=PAGE, offset=len(found)):
        found += page
        if len(page) < PAGE:
            break
    return found
