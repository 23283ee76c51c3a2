"""Slots: permission to be in flight, for proposals and for evaluations."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Protocol

import anyio


class Gate(Protocol):
    """What may hold slots back: a run that is paused, or that begins nothing any more."""

    def lets(self, *, begun: bool) -> bool:
        """Whether a slot is given out now, to somebody new or to one who has had it before."""
        ...

    async def wait(self, *, begun: bool) -> None:
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
        # Where all wait but the first of those who begin something: whoever goes on comes before them.
        self._queue = anyio.Lock(fast_acquire=True)
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
        return self._limiter.statistics().tasks_waiting + self._queue.statistics().tasks_waiting

    def resize(self, count: int) -> None:
        """Changes the number; a smaller one takes effect as slots are given back."""
        self._limiter.total_tokens = count

    @asynccontextmanager
    async def hold(self, *, begun: bool = False, ahead: bool = False) -> AsyncGenerator[Slot, None]:
        """Waits for a slot and holds it inside the `async with` block, save where it is given back meanwhile.

        Args:
            begun: For somebody who has had one before, and goes on.
            ahead: Before those who wait: for one of many short steps, each of which needs the one before.
        """
        slot = Slot(self, begun=begun, ahead=ahead)
        await slot.take()
        try:
            yield slot
        finally:
            slot.give_back()

    async def acquire(self, borrower: object, *, begun: bool = False, ahead: bool = False) -> None:
        """Waits for a slot."""
        while True:
            if self._gate is not None:
                await self._gate.wait(begun=begun)
            if ahead:
                await self._limiter.acquire_on_behalf_of(borrower)
            else:
                async with self._queue:
                    await self._limiter.acquire_on_behalf_of(borrower)
            if self._gate is None or self._gate.lets(begun=begun):
                return
            self._limiter.release_on_behalf_of(borrower)  # shut while this one waited

    def release(self, borrower: object, seconds: float) -> None:
        """Takes a slot back that was held for so long."""
        self.busy_seconds += seconds
        self._limiter.release_on_behalf_of(borrower)


class Slot:
    """One place of `Slots`, for who holds it.

    Attributes:
        seconds: For which it was held, as far as it was given back.
    """

    def __init__(self, slots: Slots, *, begun: bool = False, ahead: bool = False) -> None:
        self._slots = slots
        self._begun = begun
        self._ahead = ahead
        self._since: float | None = None
        self.seconds = 0.0

    async def take(self) -> None:
        """Waits for it; whoever holds it has it already."""
        if self._since is None:
            # Itself and not the asyncio task: one task may hold slots of several kinds.
            await self._slots.acquire(self, begun=self._begun, ahead=self._ahead)
            self._begun, self._since = True, time.monotonic()

    def give_back(self) -> None:
        """Lets others have it, while somebody is waited for who takes long."""
        if self._since is not None:
            held, self._since = time.monotonic() - self._since, None
            self.seconds += held
            self._slots.release(self, held)
