"""A name and tags for the current flow run, once it is known what it came to.

A generation is given its name before anybody knows what it will be. What it came to goes along with its last state
to a server of ours; any other is told when it has taken the state: one small request that changes a row and makes none.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.states import to_state_create

from flows.orchestrator.early_run import EarlyRun
from flows.orchestrator.identity import current_flow_run
from flows.orchestrator.server.labelled import HEADER, header
from flows.orchestrator.server_calls import ORCHESTRATOR_AWAY, reason_of

logger = logging.getLogger("shinka.orchestrator")


async def label(name: str, tags: Sequence[str]) -> None:
    """Names and tags the current flow run; one that reports its own states sends this with the last of them."""
    run = current_flow_run()
    if run is None:
        return
    run.name, run.tags = name, list(tags)
    if isinstance(run, EarlyRun):
        return
    try:
        async with get_client() as client:
            await send_label(run, client)
    except ORCHESTRATOR_AWAY as error:
        logger.debug("the Prefect UI misses the name of %s: %s", name, reason_of(error))


async def end_labelled(run: FlowRun, state: State[Any], client: PrefectClient, *, force: bool) -> bool:
    """Tells the last state of a flow run, with its name and tags; returns whether the server has taken these as well."""
    created = to_state_create(state)
    created.state_details.flow_run_id, created.state_details.transition_id = run.id, uuid4()
    body = {"state": created.model_dump(mode="json", serialize_as_any=True), "force": force}
    response = await client.request(
        "POST",
        "/flow_runs/{id}/set_state",
        path_params={"id": run.id},
        json=body,
        headers=header(run.name, run.tags),
    )
    return HEADER in response.headers


async def send_label(run: FlowRun, client: PrefectClient) -> None:
    """Tells the server the name and tags that a flow run has here."""
    await client.update_flow_run(run.id, name=run.name, tags=run.tags)
