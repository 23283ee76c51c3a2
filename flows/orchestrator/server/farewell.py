"""Leaving a server: the last events and log lines are sent and written down before it ends."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from contextlib import suppress

from flows.orchestrator.server.lease import Place

SEND_LIMIT = 5.0
END_LIMIT = 5.0
LOOK_PERIOD = 0.05


async def send_what_waits() -> None:
    """Sends this process's last events and log lines to the server; not longer than a few seconds.

    Prefect would send them when the interpreter ends, when the server is no longer there.
    """
    if "prefect.events.worker" not in sys.modules:
        return  # no run has been begun
    done, loop = asyncio.Event(), asyncio.get_running_loop()

    def send() -> None:
        from prefect.events.worker import EventsWorker
        from prefect.logging.handlers import APILogWorker

        try:
            EventsWorker.drain_all(timeout=SEND_LIMIT)
            APILogWorker.drain_all(timeout=SEND_LIMIT)
        finally:
            with suppress(RuntimeError):  # the loop may be closed by now
                loop.call_soon_threadsafe(done.set)

    # In a thread, because inside an event loop Prefect would hand back something to await; in one that
    # the interpreter does not wait for.
    threading.Thread(target=send, name="last events", daemon=True).start()
    try:
        await asyncio.wait_for(done.wait(), SEND_LIMIT)
    except TimeoutError:
        return


async def see_it_end(place: Place) -> None:
    """Waits for a server without users until it has written everything and is gone; not when others use it.

    In a container the end of the run ends everything, the server's last writes too.

    Args:
        place: Of a server whose lease the caller has given back.
    """
    until = time.monotonic() + END_LIMIT
    while time.monotonic() < until and place.serving() and not place.in_use():  # noqa: ASYNC110 - another process, no event
        await asyncio.sleep(LOOK_PERIOD)
