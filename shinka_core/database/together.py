"""One driver of several that share an evolution: it follows what the others record, and decides in turn with them.

Commits of all drivers come one after the other (`drivers.py`). Whoever ends a generation has taken in, at the begin
of the same transaction, all that the others ended before: so what follows from a program (moves, new islands) is
decided once, by the driver that records it, on the record as it stands; the others read it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import bindparam, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database import drivers
from shinka_core.database.calls import Calls
from shinka_core.database.claims import Claims
from shinka_core.database.drivers import SharedLease, end_shared, give_up_lost, leave
from shinka_core.database.following import Place, read_calls, read_ends
from shinka_core.database.holding import beat
from shinka_core.database.journal import Journal
from shinka_core.database.ownership import holder
from shinka_core.database.reservations import Reservations
from shinka_core.database.schema import ClaimRow, table_of
from shinka_core.database.shared import transact
from shinka_core.database.store import Store
from shinka_core.database.under_way import expect_again, read_left_off
from shinka_core.database.writer import Rows, Writer
from shinka_core.errors import DatabaseError
from shinka_core.population.state import Population
from shinka_core.record import Event, Folds

logger = logging.getLogger("shinka.database")

# Seconds between two looks at what the others have recorded, which are signs of life as well.
FOLLOW = 1.0
# Seconds for leaving, in turn with others that may all leave at this moment.
LEAVE = 15.0
# How many of these looks make one at whether all the others are still there.
LOOK_AROUND = 3
# A driver's claims and money are held as long as it gives signs of life, which is looked at as a whole.
HELD = 10 * 365 * 86_400.0
# In the place of a generation's number: what one driver at a time does for all of them.
SEEDS, PERIODIC_STEPS = -1, -2

# Decides what is written when a generation ends, and what is told of it; None: it has ended before.
Decide = Callable[[AsyncConnection], Awaitable[list[Event] | None]]

_DONE = (
    update(table_of(ClaimRow))
    .where(ClaimRow.evolution == bindparam("of"), ClaimRow.generation == bindparam("at"))
    .values(done=True, owner="", lease_until=0.0)
)


class Together:
    """What a driver has in common with the others.

    Attributes:
        claims: Which generations are its own.
        money: What may be spent by all.
        place: How much of the record it knows.
    """

    def __init__(
        self,
        store: Store,
        writer: Writer,
        lease: SharedLease,
        population: Population,
        folds: Folds,
        calls: Calls,
        journal: Journal,
        place: Place,
    ) -> None:
        """Takes part from here on; the driver's row is there.

        Args:
            folds: Told of what the others record as of one's own; the population is one of them.
        """
        self._store = store
        self._writer = writer
        self._lease = lease
        self._population = population
        self._folds = folds
        self._calls = calls
        self._journal = journal
        self.place = place
        self.claims = Claims(writer, lease.evolution, lease.mark, 0, HELD)
        self.money = Reservations(store, lease.evolution, HELD, lease.mark)
        self._thorough = False
        self._ending: set[asyncio.Task[bool]] = set()
        self._following = asyncio.create_task(self._follow_again_and_again())
        calls.mine = set()
        writer.bind(lease)
        # Also while what follows waits for its turn.
        self._beats = asyncio.create_task(beat(writer))

    def expect(self, first: int, last: int) -> None:
        """Says which generations are to be claimed one after the other: from the first to the last."""
        self.claims = Claims(self._writer, self._lease.evolution, self._lease.mark, last, HELD, first)

    # The record

    async def follow(self, *, thorough: bool = False) -> None:
        """Takes in what the others have recorded.

        Args:
            thorough: Also what became of islands since the last generation ended.
        """
        async with self._folds.turn:
            self._thorough = thorough
            await self._write(self._nothing)

    async def end(self, decide: Decide) -> bool:
        """Ends a generation; whoever waits for it may be cancelled, and it ends all the same.

        Args:
            decide: May be called again where the commit failed; the population is then, each time, as the record is.

        Returns:
            False when it had ended before.
        """
        ending = asyncio.create_task(self._end(decide))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)
        ending.add_done_callback(_seen)  # by who waits for it, if anybody still does
        return await asyncio.shield(ending)

    async def _end(self, decide: Decide) -> bool:
        async with self._folds.turn:
            events = await self._write(decide)
            if events is None:
                return False
            self.place.ends += 1
            for event in events:
                self._folds.apply(event)
            return True

    async def _write(self, work: Decide) -> list[Event] | None:
        self._lease.taking_in = self._take_in
        try:
            return await self._writer.write(work)
        finally:
            self._lease.taking_in = None

    async def _nothing(self, _connection: AsyncConnection) -> list[Event] | None:
        return None

    async def _take_in(self, connection: AsyncConnection) -> None:
        """What the others have committed is durable, whatever becomes of this transaction."""
        ended, known = await read_ends(
            connection, self._lease.evolution, self.place, self._population, thorough=self._thorough
        )
        called, known.call = await read_calls(connection, self._lease.evolution, self.place, self._calls.mine or set())
        self.place, self._thorough = known, False
        self._journal.language = self._journal.language or known.language
        for event in (*called, *ended):
            self._folds.apply(event)

    # Generations

    async def take_over(self, number: int) -> None:
        """Learns of a generation that another began: what was answered for it, and from what it started."""
        await self._calls.load(number)
        left = await self._store.read(lambda connection: read_left_off(connection, self._lease.evolution))
        expect_again(self._population, [sampling for sampling in left.samplings if sampling.generation == number])

    def over(self, number: int) -> None:
        """Nothing is left to do for a generation of one's own; that is written with what comes next."""
        done = {"of": self._lease.evolution, "at": number}
        self._writer.post(Rows(_DONE, done)).add_done_callback(_seen)

    # Being there

    async def finish(self, state: str) -> None:
        """Says how the run ended here: the others may go on."""
        await self._writer.write(
            lambda connection: end_shared(connection, self._lease.evolution, self._lease.mark, state)
        )

    async def stop(self) -> None:
        """Follows nothing any more, and ends what is being ended."""
        self._beats.cancel()
        self._following.cancel()
        await asyncio.wait([self._beats, self._following, *self._ending])

    async def give_back(self) -> None:
        """Lets the others have at once what this driver holds; where that fails, they wait for its silence."""
        mark, evolution = self._lease.mark, self._lease.evolution
        try:
            async with asyncio.timeout(LEAVE):
                await transact(self._store, lambda connection: leave(connection, evolution, mark))
        except (DatabaseError, TimeoutError) as error:
            why = str(error) or "the database is busy"
            logger.warning("evolution %s was not left, so others wait %g s: %s", evolution, drivers.LEASE, why)

    async def _follow_again_and_again(self) -> None:
        looks = 0
        while self._writer.lost is None:
            await asyncio.sleep(FOLLOW)
            began = time.monotonic()
            try:
                if looks % LOOK_AROUND == 0:
                    await self._look_around()
                await self.follow()
            except DatabaseError as error:
                logger.debug("evolution %s is not followed for now: %s", self._lease.evolution, error)
            except Exception:
                logger.exception("the other drivers of evolution %s are not followed for now", self._lease.evolution)
            looks += 1
            if time.monotonic() - began > drivers.LEASE / 2:
                logger.warning(
                    "evolution %s: the database took %.0f s", self._lease.evolution, time.monotonic() - began
                )

    async def _look_around(self) -> None:
        mark, evolution = self._lease.mark, self._lease.evolution
        for gone in await self._writer.write(lambda connection: give_up_lost(connection, evolution, mark)):
            who = holder(gone)
            logger.warning(
                "evolution %s: %s is gone or was not heard of for %g s; its generations are taken over",
                evolution, who.words if who else "a driver on this machine", drivers.LEASE,
            )  # fmt: skip


def _seen(written: asyncio.Future[Any]) -> None:
    if not written.cancelled():
        written.exception()
