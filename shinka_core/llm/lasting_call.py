"""A call whose answer is written, whatever becomes of who waits for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from shinka_core.program import Answer


class LastingCall:
    """One call that outlives the cancellation of who waits for it, until its answer is written.

    A question that is still with the provider is given up after a short grace; an answer that has
    come is written however long that takes and however often the wait is cancelled.
    """

    def __init__(self, ask: Callable[[Callable[[], None]], Coroutine[Any, Any, Answer]]) -> None:
        """Begins it.

        Args:
            ask: Asks, and calls what it is given when the provider has answered, before anything is written.
        """
        self._arrived = False
        self._task = asyncio.ensure_future(ask(self._arrive))

    async def finish(self) -> Answer:
        """The answer; raises what the call raises."""
        try:
            return await asyncio.shield(self._task)
        except asyncio.CancelledError:
            await self._see_it_written()
            raise

    def _arrive(self) -> None:
        self._arrived = True

    async def _see_it_written(self) -> None:
        give_up_at = time.monotonic() + GRACE
        while not self._task.done():
            if not self._arrived and time.monotonic() >= give_up_at:
                self._task.cancel()
            with suppress(asyncio.CancelledError):  # a second Ctrl-C must not tear what the first one spared
                await asyncio.wait([self._task], timeout=0.05)
        if not self._task.cancelled():
            self._task.exception()  # seen: nobody else will ask for it


# Seconds that a cancelled run waits for an answer that may be just coming.
GRACE = 0.5
