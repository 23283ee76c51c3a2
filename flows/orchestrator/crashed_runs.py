"""Flow runs that a killed process left running: they are closed when its evolution is taken up again.

The program database knows who owns an evolution, so when this process owns it, whatever Prefect
still shows as running under its name is over.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterName,
    FlowRunFilterParentFlowRunId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.context import FlowRunContext
from prefect.states import Crashed

from flows.orchestrator.server_calls import ORCHESTRATOR_AWAY
from shinka_core.run import Run

T = TypeVar("T")

logger = logging.getLogger("shinka.leftovers")

PAGE = 200
RUNNING = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.RUNNING]))
ENDED = "its process ended; the evolution was taken up by another flow run"


@asynccontextmanager
async def closing_leftovers(run: Run) -> AsyncGenerator[None, None]:
    """Marks the evolution's earlier flow runs and their generations as crashed if they still seem to run.

    What is left over is known when the block begins, and closed while it runs.
    """
    closing = asyncio.create_task(_close(await _quietly(_find(run)) or []))
    try:
        yield
    finally:
        await closing


async def _quietly(asked: Awaitable[T]) -> T | None:
    """Without the Prefect server the evolution goes on; only what its UI shows is not put right."""
    try:
        return await asked
    except ORCHESTRATOR_AWAY as error:
        logger.warning("earlier flow runs could not be closed, the UI shows them as running: %s", error)
        return None


async def _find(run: Run) -> list[UUID]:
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        return []
    current = context.flow_run.id
    async with get_client() as client:
        same = await _of_the_same_evolution(client, run, current)
        children = [child for flow_run in same for child in await _running_children(client, flow_run.id)]
    return [*children, *(flow_run.id for flow_run in same if flow_run.id != current)]


async def _close(left: list[UUID]) -> None:
    if not left:
        return
    async with get_client() as client:
        for flow_run_id in left:
            await _quietly(client.set_flow_run_state(flow_run_id, Crashed(message=ENDED), force=True))


async def _of_the_same_evolution(client: PrefectClient, run: Run, current: UUID) -> list[FlowRun]:
    """The current flow run and the earlier ones of this evolution that seem to run."""
    running = await client.read_flow_runs(
        flow_filter=FlowFilter(name=FlowFilterName(any_=["evolve"])),
        flow_run_filter=FlowRunFilter(name=FlowRunFilterName(any_=[run.evolution]), state=RUNNING),
        limit=PAGE,
    )
    # Another database may have an evolution of the same name.
    here = next((_place(flow_run.parameters) for flow_run in running if flow_run.id == current), None)
    return [flow_run for flow_run in running if flow_run.id == current or _place(flow_run.parameters) == here]


def _place(parameters: dict[str, Any]) -> tuple[Any, Any, Any]:
    evolve: dict[str, Any] = parameters.get("evo_config") or {}
    database: dict[str, Any] = parameters.get("db_config") or {}
    return evolve.get("results_dir"), database.get("db_path"), parameters.get("task_dir")


async def _running_children(client: PrefectClient, parent: UUID) -> list[UUID]:
    children = FlowRunFilter(parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=[parent]), state=RUNNING)
    found: list[UUID] = []
    while page := await client.read_flow_runs(flow_run_filter=children, limit=PAGE, offset=len(found)):
        found += [child.id for child in page]
    return found
