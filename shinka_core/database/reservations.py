"""Money that drivers set aside before they spend it, when several of them share one budget.

What is held and what was spent stay within the limit together, because the decision is one transaction after the
other. A reservation whose driver is gone counts until its lease ends: what its call came to then, nobody knows.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.lease import database_seconds
from shinka_core.database.names import ordered_id
from shinka_core.database.schema import ModelCallRow, ReservationRow, table_of
from shinka_core.database.shared import transact
from shinka_core.database.store import Store

# Seconds for which money is held that nobody says anything about.
LEASE = 900.0
HELD, CLOSED = "held", "closed"


@dataclass(frozen=True, slots=True)
class Held:
    """Money that is set aside.

    Attributes:
        dollars: The most that may be spent.
    """

    id: str
    generation: int
    dollars: float


@dataclass(frozen=True, slots=True)
class Funds:
    """What has become of the money.

    Attributes:
        spent: US dollars of all calls in the ledger.
        held: US dollars that are set aside.
    """

    spent: float
    held: float


class Reservations:
    """The money of one evolution, over all of its drivers."""

    def __init__(self, store: Store, evolution: str, lease: float = LEASE, owner: str = "") -> None:
        """Begins with nothing set aside.

        Args:
            owner: The driver that it is for, who is known to others by its signs of life.
        """
        self._store = store
        self._evolution = evolution
        self._lease = lease
        self._owner = owner
        # One at a time: of a driver that is cut off no more than one keeps the others from the lock, for a moment.
        self._turn = asyncio.Lock()

    async def reserve(
        self,
        generation: int,
        dollars: float,
        limit: float,
        *,
        least: float | None = None,
        purpose: str = "",
        model: str = "",
    ) -> Held | None:
        """Sets money aside.

        Args:
            dollars: The most that the calls can come to.
            limit: What may be spent at all.
            least: Where nothing is held and no less than this is left, what is left is set aside; None: never less.
            purpose: Of the call, for the ledger if its driver is lost; so is `model`.

        Returns:
            None when it would pass the limit.

        Raises:
            ValueError: The dollars are negative or no number.
            DatabaseError: The database cannot be reached.
        """
        if not 0 <= dollars < float("inf"):
            raise ValueError(f"dollars={dollars} must be 0 or more and finite; nothing else can be set aside")

        async def decide(connection: AsyncConnection) -> Held | None:
            if connection.dialect.name == "postgresql":
                lock = text("SELECT pg_advisory_xact_lock(hashtext('shinka money'), hashtext(:evolution))")
                await connection.execute(lock, {"evolution": self._evolution})
            funds = await self._read(connection)
            most = dollars
            if funds.spent + funds.held + most > limit:
                left = limit - funds.spent
                if least is None or funds.held or left <= 0 or least > left:
                    return None
                most = left
            held = Held(ordered_id(), generation, most)
            await connection.execute(
                insert(table_of(ReservationRow)).values(
                    id=held.id,
                    evolution=self._evolution,
                    generation=generation,
                    dollars=most,
                    state=HELD,
                    lease_until=database_seconds() + self._lease,
                    owner=self._owner,
                    purpose=purpose,
                    model=model,
                )
            )
            return held

        async with self._turn:
            return await transact(self._store, decide)

    async def renew(self, held: Held) -> bool:
        """Says that the money is still needed; False when it is not held any more."""
        return await self._change(held, lease_until=database_seconds() + self._lease)

    async def close(self, held: Held) -> bool:
        """Gives back what was not spent: the calls are in the ledger, or were not made."""
        return await self._change(held, state=CLOSED)

    async def funds(self) -> Funds:
        """What is spent and held at this moment."""
        return await self._store.read(self._read)

    async def _read(self, connection: AsyncConnection) -> Funds:
        spent = await connection.scalar(
            select(func.coalesce(func.sum(ModelCallRow.cost), 0.0)).where(ModelCallRow.evolution == self._evolution)
        )
        held = await connection.scalar(
            select(func.coalesce(func.sum(ReservationRow.dollars), 0.0)).where(
                ReservationRow.evolution == self._evolution,
                ReservationRow.state == HELD,
                ReservationRow.lease_until >= database_seconds(),
            )
        )
        return Funds(float(spent or 0.0), float(held or 0.0))

    async def _change(self, held: Held, **values: object) -> bool:
        async def change(connection: AsyncConnection) -> bool:
            changed = await connection.execute(
                update(ReservationRow)
                .where(
                    ReservationRow.id == held.id,
                    ReservationRow.evolution == self._evolution,
                    ReservationRow.state == HELD,
                )
                .values(**values)
            )
            return changed.rowcount == 1

        return await transact(self._store, change)
