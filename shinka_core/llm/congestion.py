"""Asking a provider for no more than it serves: additive increase, multiplicative decrease.

As long as a provider refuses few calls, as many go out as are asked for. When it refuses many
(429, overload), fewer are in flight at once; each round of calls that goes well allows a few more.

Source: Chiu and Jain, "Analysis of the increase and decrease algorithms for congestion avoidance
in computer networks", 1989. Unlike in a network a single refusal says little here (providers
refuse a share of calls at any load), so rounds of calls are judged and not calls.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from shinka_core.slots import Slots

UNLIMITED = 10_000
# Calls that a round is judged by, at least.
ROUND = 20
MOST_REFUSED = 1 / 3
DECREASE = 0.7
INCREASE = 2


class Gate:
    """What all calls to one model go through."""

    def __init__(self, model: str) -> None:
        self._slots = Slots(model, UNLIMITED)
        self._not_before = 0.0
        self._start_round()

    @property
    def limit(self) -> int:
        """Calls that may be in flight at once."""
        return self._slots.count

    @property
    def congested(self) -> bool:
        """Whether a call would have to wait."""
        return self._not_before > time.monotonic() or self._slots.held >= self.limit

    @asynccontextmanager
    async def pass_through(self) -> AsyncGenerator[None, None]:
        """Waits until a call may go out; the block is the call."""
        async with self._slots.hold():
            while (wait := self._not_before - time.monotonic()) > 0:  # noqa: ASYNC110 - may be put off again
                await asyncio.sleep(wait)
            self._peak = max(self._peak, self._slots.held)
            yield

    def served(self) -> None:
        """The provider took the call, whatever came of it."""
        self._calls += 1
        self._judge()

    def refused(self, retry_after: float | None) -> None:
        """The provider refused the call for its number.

        Args:
            retry_after: Seconds it asked to wait, or None.
        """
        if retry_after:
            self._not_before = max(self._not_before, time.monotonic() + retry_after)
        self._calls += 1
        self._refusals += 1
        self._judge()

    def _judge(self) -> None:
        width = min(self.limit, self._peak)
        if self._calls < max(ROUND, width):
            return
        if self._refusals > MOST_REFUSED * self._calls:
            self._slots.resize(max(1, int(DECREASE * width)))
        elif self.limit < UNLIMITED:
            self._slots.resize(min(UNLIMITED, self.limit + INCREASE))
        self._start_round()

    def _start_round(self) -> None:
        self._calls = self._refusals = 0
        self._peak = self._slots.held
