"""A time limit for what this process waits for, in seconds in which it was awake.

A laptop that was closed or a process that was stopped finds answers that came meanwhile, and every clock past
its time. Whoever looks at the clock first throws away what is paid for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

# Seconds between two looks at the clock; whatever is missing between them beyond another one was slept.
TICK = 1.0


@asynccontextmanager
async def awake_for(seconds: float) -> AsyncGenerator[None, None]:
    """As `asyncio.timeout`, but for time in which the process stood still.

    Raises:
        TimeoutError: The block took longer.
    """
    loop = asyncio.get_running_loop()
    tick = min(TICK, seconds / 10)
    left = seconds
    async with asyncio.timeout(None) as scope:

        def look(since: float) -> None:
            nonlocal left, watch
            now = loop.time()
            left -= min(now - since, 2 * tick)
            if left > 0:
                watch = loop.call_later(min(tick, left), look, now)
            else:
                scope.reschedule(now)

        watch = loop.call_later(tick, look, loop.time())
        try:
            yield
        finally:
            watch.cancel()
