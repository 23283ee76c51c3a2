"""Slots: permission to be in flight, for proposals and for evaluations."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Protocol

import anyio


class Gate(Protocol):
    """What may hold slots back for a while: a run that is paused."""

    @property
    def paused(self) -> bool:
        """Whether no slot is given out for now."""
        ...

    async def wait(self) -> None:
        """Until they are given out again; raises when they never will be."""
        ...


class Slots:
    """A resizable number of places, handed over at once and in order of asking.

    Attributes:
        name: What the slots are for, as shown in progress displays.
        busy_seconds: Sum over all slots of the time they were held; for reports of utilisation.
    """

    def __init__(self, name: str, count: int, gate: Gate | None = None) -> None:
        """Gives out `count` slots, and none while the gate is shut."""
        self.name = name
        self.busy_seconds = 0.0
        self._limiter = anyio.CapacityLimiter(count)
        self._gate = gate

    @property
    def count(self) -> int:
        """How many may be held at once."""
        return int(self._limiter.total_tokens)

    @property
    def held(self) -> int:
        """How many are held now."""
        return int(self._limiter.borrowed_tokens)

    @property
    def waiting(self) -> int:
        """How many wait for one."""
        return self._limiter.statistics().tasks_waiting

    def resize(self, count: int) -> None:
        """Changes the number; a smaller one takes effect as slots are given back."""
        self._limiter.total_tokens = count

    @asynccontextmanager
    async def hold(self) -> AsyncGenerator[None, None]:
        """Waits for a slot and holds it inside the `async with` block."""
        borrower = object()  # not the asyncio task: one task may hold slots of several kinds
        await self._acquire(borrower)
        since = time.monotonic()
        try:
            yield
        finally:
            self.busy_seconds += time.monotonic() - since
            self._limiter.release_on_behalf_of(borrower)

    async def _acquire(self, borrower: object) -> None:
        while True:
            if self._gate is not None:
                await self._gate.wait()
            await self._limiter.acquire_on_behalf_of(borrower)
            if self._gate is None or not self._gate.paused:
                return
            self._limiter.release_on_behalf_of(borrower)  # shut while this one waited
