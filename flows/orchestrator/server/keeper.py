"""Keeping our own server up while a run uses it: the kernel may take it for want of memory, or somebody kill it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

from flows.orchestrator.server.lease import ServerState
from flows.orchestrator.server.start import Tell, Wanted, bring_up
from shinka_core.errors import ConfigError

LOOK_PERIOD = 0.5
RESTART_LIMIT = 45.0
OFTEN, WINDOW = 3, 120.0

Lost = Callable[[str], None]


async def keep_up(wanted: Wanted, state: ServerState, tell: Tell, on_lost: Lost) -> None:
    """Looks whether the server lives, and starts it again on the same port when it does not.

    Every user of the server does so; the first one's server locks the others out, who find it up.

    Args:
        wanted: What was started.
        state: Where it is.
        tell: Receives a line when it was gone and when it is back.
        on_lost: Receives the reason when it cannot be brought back. Nothing is tried after that.
    """
    again = replace(wanted, port=state.port, only_that_port=True)
    deaths: list[float] = []
    while True:
        await asyncio.sleep(LOOK_PERIOD)
        if wanted.place.serving():
            continue
        deaths = [*(death for death in deaths if time.monotonic() - death < WINDOW), time.monotonic()]
        if len(deaths) > OFTEN:
            on_lost(
                f"the local Prefect server has ended {len(deaths)} times in {WINDOW:.0f} s (its log: {wanted.place.log})"
            )
            return
        tell(f"Prefect server: it has gone; starting it again on port {state.port}")
        try:
            await bring_up(again, tell, limit=RESTART_LIMIT)
        except (ConfigError, OSError) as error:
            on_lost(f"the local Prefect server is gone and could not be started again: {error}")
            return
        tell(f"Prefect server: back after {time.monotonic() - deaths[-1]:.1f} s")
