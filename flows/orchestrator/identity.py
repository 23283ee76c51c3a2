"""Which evolution a flow run is, in labels on the flow run.

A flow run that Prefect runs again (retried in the UI, resumed, taken up after its worker was killed)
continues its evolution: its name and folder are read from the labels of the first attempt, whatever the
clock, the working directory and the flow run's name say by then.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.context import FlowRunContext
from prefect.types import KeyValueLabels

from flows.orchestrator.server_calls import ORCHESTRATOR_AWAY
from shinka_core.database.ownership import this_process
from shinka_core.naming import Place

logger = logging.getLogger("shinka.identity")

EVOLUTION = "shinka.evolution"
RESULTS = "shinka.results_dir"
OWNER = "shinka.owner"
SEEN = "shinka.seen"


def current_flow_run() -> FlowRun | None:
    """The flow run that this code is in, or None outside of one."""
    context = FlowRunContext.get()
    return None if context is None else context.flow_run


def known_place() -> Place | None:
    """The evolution that an earlier attempt of the current flow run began; None at its first attempt."""
    flow_run = current_flow_run()
    labels = {} if flow_run is None else flow_run.labels
    if EVOLUTION not in labels or RESULTS not in labels:
        return None
    return Place(str(labels[EVOLUTION]), Path(str(labels[RESULTS])))


async def sign(place: Place) -> None:
    """Writes onto the current flow run whose it is; the first attempt also gives it the evolution's name."""
    flow_run = current_flow_run()
    if flow_run is None:
        return
    first = known_place() is None
    labels: KeyValueLabels = {EVOLUTION: place.name, RESULTS: str(place.results_dir), OWNER: this_process()} | seen()
    try:
        async with get_client() as client:
            await client.update_flow_run_labels(flow_run.id, labels)
            if first:
                await client.update_flow_run(flow_run.id, name=place.name)
    except ORCHESTRATOR_AWAY as error:
        logger.warning("the flow run could not be signed, so a retry of it would begin anew: %s", error)
        return
    if first:
        flow_run.name = place.name
    flow_run.labels |= labels


def seen() -> KeyValueLabels:
    """The label that says when the owner last gave a sign of life."""
    return {SEEN: datetime.now(UTC).isoformat(timespec="seconds")}
