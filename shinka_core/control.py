"""Whether a run goes on: going, paused, closing or stopping, and why; asked before anything that costs begins."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from enum import StrEnum
from typing import Any, Literal, TypeVar

from shinka_core.errors import RunStoppedError

T = TypeVar("T")

INTERRUPTED = "interrupted"

Change = Literal["paused", "resumed", "closing", "stopping"]


class RunState(StrEnum):
    """What a run is doing."""

    GOING = "going"
    PAUSED = "paused"
    """Nothing new begins; what is in flight goes on to its end."""
    CLOSING = "closing"
    """The run has come to its end: no proposal begins any more, and those in flight are brought to theirs."""
    STOPPING = "stopping"
    """Nothing new begins any more, and what is in flight is cut short."""


class RunControl:
    """Says to all of a run whether it goes on.

    For the run's event loop alone: whoever asks from another thread is brought there first.

    Attributes:
        reason: Why no further generation is to start; "" while the run goes on or is paused.
        closing: Whether that is because the run has reached what was to end it, so that nothing is cut short.
        outage: Whether it stops because what it stands on failed.
        interrupted: Whether it stops because somebody asks for it; evaluations may have been asked as well.
    """

    def __init__(self) -> None:
        self.reason = ""
        self.closing = False
        self.outage = False
        self.interrupted = False
        self._pauses: dict[str, None] = {}  # in order
        self._decided = asyncio.Event()  # not paused: going or stopping
        self._decided.set()
        self._stopped = asyncio.Event()
        self._asked = asyncio.Event()
        self._listeners: list[Callable[[Change, str], None]] = []

    @property
    def state(self) -> RunState:
        """What the run is doing."""
        if self.reason:
            return RunState.CLOSING if self.closing else RunState.STOPPING
        return RunState.PAUSED if self._pauses else RunState.GOING

    @property
    def stopping(self) -> bool:
        """Whether nothing new begins any more."""
        return bool(self.reason)

    @property
    def stopped(self) -> bool:
        """Whether what is in flight is cut short as well."""
        return bool(self.reason) and not self.closing

    @property
    def paused(self) -> bool:
        """Whether nothing new begins for now."""
        return self.state is RunState.PAUSED

    @property
    def pauses(self) -> Iterator[str]:
        """Who has paused the run, in the order in which they did."""
        return iter(self._pauses)

    def listen(self, told: Callable[[Change, str], None]) -> None:
        """Has somebody told of every change from now on, and who made it or why."""
        self._listeners.append(told)

    def stop(self, reason: str, *, outage: bool = False, interrupted: bool = False) -> None:
        """Begins nothing any more; the first reason stays, but for one that let what is in flight end.

        Args:
            outage: What the run stands on failed.
            interrupted: Somebody asks for it.
        """
        begins = not self.stopped
        self.reason = reason if self.closing else self.reason or reason
        self.closing = False
        self.outage = self.outage or outage
        self._stopped.set()
        self._decided.set()
        if interrupted:
            self.interrupted = True
            self._asked.set()
        if begins:
            self._tell("stopping", self.reason)

    def close(self, reason: str) -> None:
        """Begins no proposal any more and lets those in flight come to their end; a stop says more.

        Args:
            reason: What the run has reached, in words.
        """
        if not self.reason:
            self.reason, self.closing = reason, True
            self._decided.set()
            self._tell("closing", reason)

    def explain(self, reason: str) -> None:
        """Gives a better reason for a stop that is under way."""
        assert self.reason, "a run that goes on needs no reason"
        self.reason = reason

    def pause(self, by: str) -> None:
        """Begins nothing until whoever paused the run resumes it.

        Args:
            by: Who, in words; each has to resume what it has paused.
        """
        self._pauses[by] = None
        if not self.reason:
            self._decided.clear()
        self._tell("paused", by)

    def resume(self, by: str) -> None:
        """Takes back a pause; the run goes on when nobody else holds it."""
        self._pauses.pop(by, None)
        if not self._pauses:
            self._decided.set()
        self._tell("resumed", by)

    def _tell(self, change: Change, why: str) -> None:
        for told in self._listeners:
            told(change, why)

    async def going(self) -> bool:
        """Waits out a pause; returns False when the run is being stopped."""
        await self._decided.wait()
        return not self.reason

    def lets(self, *, begun: bool = False) -> bool:
        """Whether something may begin now.

        Args:
            begun: It belongs to a proposal that has begun.
        """
        return not self.paused and (begun or not self.reason)

    async def wait(self, *, begun: bool = False) -> None:
        """Waits out a pause, before something new begins.

        Args:
            begun: It belongs to a proposal that has begun.

        Raises:
            RunStoppedError: The run is being stopped, or begins no proposals any more.
        """
        await self._decided.wait()
        if self.stopped or (self.closing and not begun):
            raise RunStoppedError(self.reason)

    def check(self) -> None:
        """Asked before anything that costs goes on; a pause or the end of the run is nothing to what is in flight.

        Raises:
            RunStoppedError: The run is being stopped.
        """
        if self.stopped:
            raise RunStoppedError(self.reason)

    async def unless_stopped(self, work: Coroutine[Any, Any, T]) -> T:
        """Does what may take for ever, until the run is stopped; the work is cancelled then.

        Raises:
            RunStoppedError: The run is being stopped.
        """
        working = asyncio.create_task(work)
        stopped = asyncio.create_task(self._stopped.wait())
        try:
            await asyncio.wait([working, stopped], return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                return working.result()
            raise RunStoppedError(self.reason)
        finally:
            stopped.cancel()
            working.cancel()
            await asyncio.wait([working])

    async def check_for(self, seconds: float) -> None:
        """Waits so long, unless the run is stopped meanwhile.

        Raises:
            RunStoppedError: It is.
        """
        await _happens(self._stopped, seconds)
        self.check()

    async def check_uninterrupted_for(self, seconds: float) -> None:
        """The same, but a run that stops by itself, as when its money is spent, is nothing to evaluations.

        Raises:
            RunStoppedError: Somebody stops the run.
        """
        if await _happens(self._asked, seconds):
            raise RunStoppedError(self.reason)


async def _happens(event: asyncio.Event, seconds: float) -> bool:
    if not event.is_set():
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await event.wait()
    return event.is_set()
