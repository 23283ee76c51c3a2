"""Which generation a run does next: of a list of its own, or of those that several drivers claim one after the other."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Protocol

from shinka_core.control import RunControl
from shinka_core.database import Together

# Seconds until it is asked again whether another driver has given a generation back.
LOOK_AGAIN = 0.5


class Numbers(Protocol):
    """Generations to do.

    Attributes:
        more: Whether there may be any.
    """

    @property
    def more(self) -> bool:
        """Whether there may be any."""
        ...

    def most(self, width: int) -> int:
        """How many can be done at once, of so many that may."""
        ...

    async def take(self) -> int | None:
        """The next one; None when there is none to do."""
        ...

    def left(self, number: int, *, ended: bool) -> None:
        """It is not in flight any more; one that has not ended may come back by `again`."""
        ...

    def again(self, numbers: Iterable[int]) -> None:
        """Has these done again."""
        ...


class Listed:
    """Generations that are this run's alone."""

    def __init__(self, numbers: Iterable[int]) -> None:
        self._left = deque(numbers)

    @property
    def more(self) -> bool:
        """Whether there is any."""
        return bool(self._left)

    def most(self, width: int) -> int:
        """Not more than there are."""
        return min(width, len(self._left))

    async def take(self) -> int | None:
        """The first one."""
        return self._left.popleft() if self._left else None

    def left(self, number: int, *, ended: bool) -> None:
        """Nothing is to be noted."""

    def again(self, numbers: Iterable[int]) -> None:
        """Puts them behind the others."""
        self._left.extend(numbers)


class Claimed:
    """Generations of an evolution that several drivers share, also those that another gives back or is lost with."""

    def __init__(self, together: Together, control: RunControl) -> None:
        self._together = together
        self._control = control
        self._again: deque[int] = deque()
        self._in_flight: set[int] = set()
        self._asking = asyncio.Lock()
        self._over = False

    @property
    def more(self) -> bool:
        """Whether one may come still."""
        return bool(self._again) or not self._over

    def most(self, width: int) -> int:
        """As many as may be."""
        return width

    async def take(self) -> int | None:
        """Claims one; waits as long as others have some that they may give back.

        Raises:
            DatabaseError: None can be claimed.
        """
        async with self._asking:  # the others wait behind the one that asks
            while self.more and await self._control.going():
                number = self._again.popleft() if self._again else await self._claim()
                if number is not None:
                    self._in_flight.add(number)
                    return number
                if not self._in_flight and not await self._together.claims.held_by_others():
                    await self._together.follow(thorough=True)  # what the others ended last is in the summary
                    self._over = True
                    return None
                await asyncio.sleep(LOOK_AGAIN)
        return None

    async def _claim(self) -> int | None:
        claim = await self._together.claims.next()
        if claim is None:
            return None
        if claim.taken_over:
            await self._together.take_over(claim.number)
        return claim.number

    def left(self, number: int, *, ended: bool) -> None:
        """Lets go of one that has ended; another is kept, to be done again here."""
        self._in_flight.discard(number)
        if ended:
            self._together.over(number)

    def again(self, numbers: Iterable[int]) -> None:
        """Has them done before others are claimed."""
        self._again.extend(numbers)
