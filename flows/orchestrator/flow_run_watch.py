"""What somebody asks of the current flow run from outside: to cancel, pause, suspend or resume it.

Prefect's server holds the answer in the flow run's state; it is looked at every few seconds. The same
loop gives the sign of life by which other runs know that this one's process is there (`crashed_runs.py`).
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Any, Protocol

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import State

from flows.orchestrator.identity import current_flow_run, seen
from flows.orchestrator.server_calls import ORCHESTRATOR_AWAY

LOOK_PERIOD = 5.0
SIGN_PERIOD = 60.0


class Wishes(Protocol):
    """Told what somebody asks for; each change once."""

    def on_cancel(self) -> None:
        """The run is to end, or was declared over; nothing is asked afterwards."""

    def on_suspend(self, state: State[Any]) -> None:
        """The process is to end, and another one will go on later; nothing is asked afterwards."""

    def on_pause(self) -> None:
        """Nothing new is to begin until the run is resumed."""

    def on_resume(self) -> None:
        """The pause is over."""


async def watch_flow_run(wishes: Wishes, period: float = LOOK_PERIOD) -> None:
    """Looks at the current flow run until it is to end; without a flow run there is nothing to look at.

    Args:
        period: Seconds between two looks.
    """
    flow_run = current_flow_run()
    if flow_run is None:
        return
    paused, signed_at = False, time.monotonic()
    async with get_client() as client:
        while True:
            await asyncio.sleep(period)
            state = None
            with suppress(*ORCHESTRATOR_AWAY):  # a server that is away asks for nothing
                state = (await client.read_flow_run(flow_run.id)).state
                if time.monotonic() - signed_at > SIGN_PERIOD:
                    await _give_sign(client)
                    signed_at = time.monotonic()
            if state is None:
                continue
            # A pause that nobody ends in time is a failure to the server, and somebody may call a run over.
            if state.is_cancelling() or state.is_cancelled() or (paused and state.is_final()):
                wishes.on_cancel()
                return
            if is_suspended(state):
                wishes.on_suspend(state)
                return
            if state.is_paused() != paused:
                paused = not paused
                wishes.on_pause() if paused else wishes.on_resume()


def is_suspended(state: State[Any]) -> bool:
    """Whether the state asks the process to end: a pause that another process takes up."""
    return state.is_paused() and (state.name == "Suspended" or bool(state.state_details.pause_reschedule))


async def _give_sign(client: PrefectClient) -> None:
    flow_run = current_flow_run()
    assert flow_run is not None
    await client.update_flow_run_labels(flow_run.id, seen())
