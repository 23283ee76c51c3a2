"""How late an event loop is: what asks for its turn at a certain time gets it so much later."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Self

from shinka_core.tally import Spread

# Seconds between two looks.
PERIOD = 0.25
BOUNDS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)


class LoopLag:
    """Looks at the loop that it is entered in.

    Attributes:
        spread: Seconds by which looks came too late.
    """

    def __init__(self) -> None:
        self.spread = Spread(BOUNDS)
        self._due = time.monotonic()
        self._looking: asyncio.Task[None] | None = None

    @property
    def overdue(self) -> float:
        """Seconds by which the next look is late at this moment; for other threads, while the loop stands still."""
        return max(time.monotonic() - self._due, 0.0)

    async def __aenter__(self) -> Self:
        self._due = time.monotonic() + PERIOD
        self._looking = asyncio.create_task(self._look(), name="loop lag")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._looking is not None:
            self._looking.cancel()
            with suppress(asyncio.CancelledError):
                await self._looking

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(max(self._due - time.monotonic(), 0.0))
            self.spread.add(self.overdue)
            self._due = time.monotonic() + PERIOD
