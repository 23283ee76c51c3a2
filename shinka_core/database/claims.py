"""Which driver works on which generation, when several work on one evolution: leases in the database.

A claim is one row per generation, taken in one transaction, so no generation is ever claimed by two. Its owner says
again and again that it is still there; when it does not, anybody may take the generation up where its journal stands.
Time is the database's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.journal import FINAL
from shinka_core.database.lease import database_seconds
from shinka_core.database.schema import ClaimRow, GenerationRow, table_of
from shinka_core.database.shared import Writes

_CLAIM = insert(table_of(ClaimRow)).on_conflict_do_nothing()
# Seconds after which a claim that was not renewed is anybody's.
LEASE = 60.0


@dataclass(frozen=True, slots=True)
class GenerationClaim:
    """A generation that is this driver's for now.

    Attributes:
        taken_over: Somebody worked on it before.
        lease_until: Seconds since 1970 by the database's clock.
    """

    number: int
    owner: str
    lease_until: float
    taken_over: bool = False


class Claims:
    """The generations of one evolution, for one driver of several."""

    def __init__(
        self, writes: Writes, evolution: str, owner: str, generations: int, lease: float = LEASE, first: int = 0
    ) -> None:
        """Begins without a claim.

        Args:
            owner: Tells this driver from every other.
            generations: The last number that is to be claimed; the seed program is 0.
            lease: Seconds.
            first: The first number that `next` gives; those before it are claimed by name alone.
        """
        self._writes = writes
        self._evolution = evolution
        self._owner = owner
        self._first = first
        self._last = generations
        self._lease = lease
        self._adopted = False

    async def next(self) -> GenerationClaim | None:
        """Claims the generation to work on next: one that was given back or abandoned, or else a new one.

        Returns:
            None while there is none that is free; there may be one later as long as others hold claims.

        Raises:
            DatabaseError: The database cannot be reached.
        """
        if not self._adopted:
            await self._writes.write(self._adopt)
            self._adopted = True

        async def claim(connection: AsyncConnection) -> GenerationClaim | None:
            return await self._take_over(connection) or await self._take_new(connection)

        return await self._writes.write(claim)

    async def renew(self, claim: GenerationClaim) -> bool:
        """Says that the claim is still worked on; False when it is somebody else's by now."""
        return await self._change(claim, lease_until=database_seconds() + self._lease)

    async def release(self, claim: GenerationClaim, *, done: bool = False) -> bool:
        """Gives the claim back; False when it was somebody else's by then, which changes nothing.

        Args:
            done: Nothing is left to do for the generation; otherwise the next one who asks gets it.
        """
        return await self._change(claim, owner="", lease_until=0.0, done=done)

    async def take(self, number: int) -> GenerationClaim | None:
        """Claims one by its number, which may be negative for what is no generation and one driver's alone.

        Returns:
            None while another has it.
        """

        async def take(connection: AsyncConnection) -> GenerationClaim | None:
            until = await connection.scalar(select(database_seconds() + self._lease)) or 0.0
            claim = GenerationClaim(number, self._owner, until)
            row = {"evolution": self._evolution, "generation": number, "owner": self._owner, "done": False}
            inserted = await connection.execute(_CLAIM, row | {"lease_until": until})
            if inserted.rowcount == 1:
                return claim
            taken = await connection.execute(
                update(ClaimRow)
                .where(
                    ClaimRow.evolution == self._evolution,
                    ClaimRow.generation == number,
                    (ClaimRow.owner == self._owner) | (ClaimRow.lease_until < database_seconds()),
                )
                .values(owner=self._owner, lease_until=until, done=False)
            )
            return claim if taken.rowcount == 1 else None

        return await self._writes.write(take)

    async def held_by_others(self) -> bool:
        """Whether other drivers are at generations that are not over: those may be given back."""
        others = (
            select(ClaimRow.generation)
            .where(
                ClaimRow.evolution == self._evolution,
                ClaimRow.done.is_(False),
                ClaimRow.generation >= self._first,
                ClaimRow.generation <= self._last,
                ClaimRow.owner != self._owner,
                ~self._over().exists(),
            )
            .limit(1)
        )

        async def read(connection: AsyncConnection) -> bool:
            return await connection.scalar(others) is not None

        return await self._writes.write(read)

    async def _change(self, claim: GenerationClaim, **values: Any) -> bool:
        async def change(connection: AsyncConnection) -> bool:
            changed = await connection.execute(
                update(ClaimRow)
                .where(
                    ClaimRow.evolution == self._evolution,
                    ClaimRow.generation == claim.number,
                    ClaimRow.owner == claim.owner,
                    ClaimRow.done.is_(False),
                )
                .values(**values)
            )
            return changed.rowcount == 1

        return await self._writes.write(change)

    async def _adopt(self, connection: AsyncConnection) -> None:
        """Lets generations that were begun without claims be claimed, and those that were left out before them."""
        rows = await connection.execute(
            select(GenerationRow.number, GenerationRow.state).where(GenerationRow.evolution == self._evolution)
        )
        states: dict[int, str] = {number: state for number, state in rows if number >= 0}
        if not states:
            return
        free = {"evolution": self._evolution, "owner": "", "lease_until": 0.0}
        await connection.execute(
            _CLAIM,
            [free | {"generation": number, "done": states.get(number) in FINAL} for number in range(max(states) + 1)],
        )

    async def _take_over(self, connection: AsyncConnection) -> GenerationClaim | None:
        """The first that is free and not over; rows that another is taking at this moment are passed over."""
        free = (
            select(ClaimRow.generation)
            .where(
                ClaimRow.evolution == self._evolution,
                ClaimRow.done.is_(False),
                ClaimRow.generation >= self._first,
                ClaimRow.generation <= self._last,
                ClaimRow.lease_until < database_seconds(),
                ~self._over().exists(),
            )
            .order_by(ClaimRow.generation)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        number = await connection.scalar(free)
        if number is None:
            return None
        where = (ClaimRow.evolution == self._evolution, ClaimRow.generation == number)
        until = await connection.scalar(select(database_seconds() + self._lease)) or 0.0
        await connection.execute(update(ClaimRow).where(*where).values(owner=self._owner, lease_until=until))
        return GenerationClaim(number, self._owner, until, taken_over=True)

    async def _take_new(self, connection: AsyncConnection) -> GenerationClaim | None:
        """The number after all that were ever claimed; who takes it at the same moment gets the next one."""
        newest = select(func.max(ClaimRow.generation)).where(ClaimRow.evolution == self._evolution)
        while True:
            last = await connection.scalar(newest)
            number = self._first if last is None else max(self._first, last + 1)
            if number > self._last:
                return None
            until = await connection.scalar(select(database_seconds() + self._lease))
            claim = GenerationClaim(number, self._owner, until or 0.0)
            row = {"evolution": self._evolution, "generation": number, "owner": self._owner, "done": False}
            inserted = await connection.execute(_CLAIM, row | {"lease_until": claim.lease_until})
            if inserted.rowcount == 1:
                return claim

    def _over(self) -> Select[tuple[int]]:
        """The generation of a claim, when it has ended."""
        return select(GenerationRow.number).where(
            GenerationRow.evolution == self._evolution,
            GenerationRow.number == ClaimRow.generation,
            GenerationRow.state.in_(FINAL),
        )
