"""Schedules that fell behind: of several scheduled runs that are due at once, one runs.

A worker that was away for a week finds seven nights waiting, and a night that takes two days makes the
next ones wait. They all want the same evolution, so the first of them to start stands for the others.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.states import Cancelled

from flows.orchestrator.identity import current_flow_run
from flows.orchestrator.server_calls import ORCHESTRATOR_AWAY

logger = logging.getLogger("shinka.schedule")

WAITING = FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED]))


async def stand_for_late_runs() -> int:
    """Cancels the scheduled runs of the same deployment, with the same parameters, that are due by now.

    Only a run that a schedule made does so, and only to others that a schedule made.

    Returns:
        How many there were.
    """
    current = current_flow_run()
    if current is None or current.deployment_id is None or not current.auto_scheduled:
        return 0
    wanted = FlowRunFilter(deployment_id=FlowRunFilterDeploymentId(any_=[current.deployment_id]), state=WAITING)
    late: list[FlowRun] = []
    try:
        async with get_client() as client:
            late = [other for other in await client.read_flow_runs(flow_run_filter=wanted) if _is_due(other, current)]
            for other in late:
                message = f"late; the scheduled run {current.name} runs in its place"
                await client.set_flow_run_state(other.id, Cancelled(message=message))
    except ORCHESTRATOR_AWAY as error:
        logger.warning("late runs of the schedule could not be cancelled: %s", error)
    return len(late)


def _is_due(other: FlowRun, current: FlowRun) -> bool:
    due_at = other.expected_start_time
    return (
        other.id != current.id
        and other.auto_scheduled
        and other.parameters == current.parameters
        and due_at is not None
        and due_at <= datetime.now(UTC)
    )
