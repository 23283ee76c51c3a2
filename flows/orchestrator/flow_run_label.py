"""A name and tags for the current flow run, once it is known what it came to.

A generation is given its name before anybody knows what it will be. Its own is sent when its last state has
been taken: one small request that changes a row of the server and makes none.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import FlowRun

from flows.orchestrator.early_run import EarlyRun
from flows.orchestrator.identity import current_flow_run
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


async def send_label(run: FlowRun, client: PrefectClient) -> None:
    """Tells the server the name and tags that a flow run has here."""
    await client.update_flow_run(run.id, name=run.name, tags=run.tags)
