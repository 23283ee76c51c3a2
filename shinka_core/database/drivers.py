"""The drivers that share an evolution: who takes part, who is heard of no more, and what becomes of what they held.

Every commit of a driver is a sign of life in its row, and is refused once the others have given it up. So whoever
was only asleep, or cut off, writes nothing into generations that are somebody else's by then.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, case, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.lease import database_seconds, look
from shinka_core.database.names import ordered_id
from shinka_core.database.ownership import SHARED, holder, known_to_be_gone
from shinka_core.database.reservations import CLOSED, HELD
from shinka_core.database.schema import (
    CallTextRow,
    ClaimRow,
    DriverRow,
    EvolutionRow,
    ModelCallRow,
    ReservationRow,
    now,
    table_of,
)
from shinka_core.database.sessions import close_session
from shinka_core.database.shared import CUT_OFF
from shinka_core.errors import EvolutionTakenMeanwhileError, OwnershipLostError
from shinka_core.program import Purpose

logger = logging.getLogger("shinka.database")

# Seconds without a sign of life after which a driver's generations are given to others.
LEASE = 90.0
# Seconds of silence up to which one is taken to be there: a driver has something to say every second or so.
HEARD = 10.0
HERE, LEFT, LOST = "here", "left", "lost"
FAILED = "failed"
# Of an evolution.
RUNNING, STOPPED, FINISHED = "running", "stopped", "finished"
GONE = "its driver is heard of no more: what the call came to nobody knows, so the most that it could is counted"

_SHARED = (EvolutionRow.name == bindparam("of"), EvolutionRow.owner == SHARED)
# Locks the evolution's row until the commit: drivers commit one after the other, and each sees what was before it.
_TURN = (
    update(table_of(EvolutionRow)).where(*_SHARED).values(commits=EvolutionRow.commits + 1, seen_at=database_seconds())
)
# The same, and has the server end a transaction of which it hears nothing more: the others wait for its lock.
_SHORT_TURN = _TURN.returning(func.set_config("idle_in_transaction_session_timeout", CUT_OFF, True))
_SIGN = (
    update(table_of(DriverRow))
    .where(
        DriverRow.evolution == bindparam("of"),
        DriverRow.mark == bindparam("me"),
        DriverRow.commits == bindparam("counted"),
        DriverRow.state == HERE,
    )
    .values(commits=DriverRow.commits + 1, seen_at=database_seconds())
)


class SharedLease:
    """That a driver takes part in an evolution which several share.

    Attributes:
        commits: Of this driver, as far as it knows.
        taking_in: Reads what the others have committed, when it is this driver's turn and nothing of its own is
            written yet; None while that matters to nobody.
    """

    def __init__(self, evolution: str, mark: str) -> None:
        self.evolution = evolution
        self.mark = mark
        self.commits = 0
        self.taking_in: Callable[[AsyncConnection], Awaitable[None]] | None = None

    async def sign(self, connection: AsyncConnection, *, in_doubt: bool) -> bool:
        """Waits for the others' commits and counts the one that is being made.

        Args:
            in_doubt: The same commit was tried before, and its receipt may have been lost.

        Returns:
            Whether it was committed by that try.

        Raises:
            OwnershipLostError: The others have given this driver up, or the evolution is not shared any more.
        """
        shared = await take_turn(connection, self.evolution)
        while True:
            mine = {"of": self.evolution, "me": self.mark, "counted": self.commits}
            if shared and (await connection.execute(_SIGN, mine)).rowcount == 1:
                if self.taking_in is not None:
                    await self.taking_in(connection)
                return False
            found = (
                await connection.execute(
                    select(DriverRow.state, DriverRow.commits).where(
                        DriverRow.evolution == self.evolution, DriverRow.mark == self.mark
                    )
                )
            ).first()
            if found is None or found.state != HERE:
                raise OwnershipLostError(
                    f"the other drivers of evolution {self.evolution!r} heard nothing of this one for more than "
                    f"{LEASE:g} s and have taken its generations over; start it again to take part again (--join)"
                )
            if not shared:
                raise OwnershipLostError(await self._not_shared(connection))
            if in_doubt and found.commits == self.commits + 1:
                return True
            self.commits = found.commits  # one that had been given up came through after all

    async def _not_shared(self, connection: AsyncConnection) -> str:
        found = await look(connection, self.evolution)
        who = holder(found.owner) if found is not None else None
        by = f"{who.words} has taken it up" if who else "it was taken up by another"
        return f"evolution {self.evolution!r} is not shared any more: {by}"

    def signed(self) -> None:
        """The commit is durable."""
        self.commits += 1


async def take_turn(connection: AsyncConnection, evolution: str) -> bool:
    """Has the others wait until this transaction ends; False when the evolution is not shared."""
    if connection.dialect.name == "postgresql":
        return (await connection.execute(_SHORT_TURN, {"of": evolution})).first() is not None
    return (await connection.execute(_TURN, {"of": evolution})).rowcount == 1


async def open_to_others(connection: AsyncConnection, evolution: str, mark: str) -> None:
    """Makes an evolution that is this mark's alone one that drivers share, with this one as the first of them."""
    await connection.execute(update(EvolutionRow).where(EvolutionRow.name == evolution).values(owner=SHARED))
    await _add(connection, evolution, mark)


async def take_part(connection: AsyncConnection, evolution: str, mark: str) -> None:
    """Adds a driver.

    Raises:
        EvolutionTakenMeanwhileError: The evolution is not shared any more.
    """
    if not await take_turn(connection, evolution):
        raise EvolutionTakenMeanwhileError(f"evolution {evolution!r} is not shared any more; look again")
    await _add(connection, evolution, mark)


async def _add(connection: AsyncConnection, evolution: str, mark: str) -> None:
    row = {"evolution": evolution, "mark": mark, "joined_at": database_seconds(), "seen_at": database_seconds()}
    there = select(DriverRow.mark).where(DriverRow.evolution == evolution, DriverRow.mark == mark)
    if await connection.scalar(there) is None:  # unless only the receipt of that was lost
        await connection.execute(insert(DriverRow).values(**row, state=HERE))


async def read_drivers(connection: AsyncConnection, evolution: str) -> list[tuple[str, float]]:
    """The marks of those who take part, the oldest first, and their seconds of silence."""
    silent = database_seconds() - DriverRow.seen_at
    rows = await connection.execute(
        select(DriverRow.mark, silent)
        .where(DriverRow.evolution == evolution, DriverRow.state == HERE)
        .order_by(DriverRow.joined_at, DriverRow.mark)
    )
    return [(mark, seconds) for mark, seconds in rows]


def is_gone(mark: str, silent: float) -> bool:
    """Whether a driver is seen to be gone, or has been silent for too long."""
    return silent > LEASE or known_to_be_gone(mark)


@dataclass(frozen=True, slots=True)
class Present:
    """The drivers that may still be there.

    Attributes:
        words: Who they are; "" for nobody.
        certain: One of them is seen, or was heard of a moment ago.
        silent: Seconds since the last of them was heard of.
    """

    words: str
    certain: bool = False
    silent: float = 0.0


async def read_present(connection: AsyncConnection, evolution: str) -> Present:
    """Those who take part in an evolution, as far as can be told from here."""
    there = [(mark, silent) for mark, silent in await read_drivers(connection, evolution) if not is_gone(mark, silent)]
    found = [(who, silent) for mark, silent in there if (who := holder(mark)) is not None]
    if not found:
        return Present("")
    words = ", ".join(who.words for who, _ in found)
    certain = any(who.certain or silent < HEARD for who, silent in found)
    return Present(words, certain, min(silent for _, silent in found))


async def give_up_lost(connection: AsyncConnection, evolution: str, mark: str) -> list[str]:
    """Gives the generations of drivers that are gone to whoever asks next; says which drivers these were.

    Args:
        mark: Who asks, and is there.
    """
    drivers = await read_drivers(connection, evolution)
    gone = [other for other, silent in drivers if other != mark and is_gone(other, silent)]
    for other in gone:
        await _end(connection, evolution, other, LOST)
    # Also what one has set aside since it was given up: it does not know that yet.
    absent = select(DriverRow.mark).where(DriverRow.evolution == evolution, DriverRow.state != HERE)
    holding = select(ReservationRow.owner.distinct()).where(
        ReservationRow.evolution == evolution, ReservationRow.state == HELD, ReservationRow.owner.in_(absent)
    )
    for other in (await connection.scalars(holding)).all():
        await _book(connection, evolution, other)
    return gone


async def leave(connection: AsyncConnection, evolution: str, mark: str) -> None:
    """Gives back what a driver holds; the last one leaves the evolution to whoever comes next."""
    if not await take_turn(connection, evolution):
        return
    await _end(connection, evolution, mark, LEFT)
    if await is_last(connection, evolution, mark):
        # Also where several stopped at the same moment, each of which left the end to the others.
        state = case((EvolutionRow.state == RUNNING, STOPPED), else_=EvolutionRow.state)
        await connection.execute(
            update(EvolutionRow)
            .where(EvolutionRow.name == evolution, EvolutionRow.owner == SHARED)
            .values(owner="", state=state)
        )
        await close_session(connection, evolution)


async def is_last(connection: AsyncConnection, evolution: str, mark: str) -> bool:
    """Whether nobody else takes part any more."""
    drivers = await read_drivers(connection, evolution)
    return all(other == mark or is_gone(other, silent) for other, silent in drivers)


async def end_shared(connection: AsyncConnection, evolution: str, mark: str, state: str) -> None:
    """Says how the run ended, if it did: one that stops while others go on ends nothing."""
    if state == FINISHED or await is_last(connection, evolution, mark):
        await connection.execute(
            update(EvolutionRow).where(EvolutionRow.name == evolution).values(state=state, updated_at=now())
        )


async def _end(connection: AsyncConnection, evolution: str, mark: str, state: str) -> None:
    here = (DriverRow.evolution == evolution, DriverRow.mark == mark, DriverRow.state == HERE)
    await connection.execute(update(DriverRow).where(*here).values(state=state))
    mine = (ClaimRow.evolution == evolution, ClaimRow.owner == mark, ClaimRow.done.is_(False))
    await connection.execute(update(ClaimRow).where(*mine).values(owner="", lease_until=0.0))
    await _book(connection, evolution, mark)


async def _book(connection: AsyncConnection, evolution: str, mark: str) -> None:
    """Counts what a driver had set aside as spent: the calls may have been made."""
    held = (
        ReservationRow.evolution == evolution,
        ReservationRow.owner == mark,
        ReservationRow.state == HELD,
    )
    rows: Sequence[Any] = (
        await connection.execute(
            select(
                ReservationRow.generation, ReservationRow.purpose, ReservationRow.model, ReservationRow.dollars
            ).where(*held)
        )
    ).all()
    await connection.execute(update(ReservationRow).where(*held).values(state=CLOSED))
    for row in rows:
        texts = ordered_id()
        call = {
            "evolution": evolution,
            "generation": row.generation,
            "purpose": row.purpose or Purpose.PROPOSAL.value,
            "attempt": 0,
            "turn": 0,
            "model": row.model,
            "status": FAILED,
            "reason": "driver_lost",
            "cost": row.dollars,
            "estimated": True,
            "texts": texts,
        }
        await connection.execute(insert(ModelCallRow).values(**call))
        said: dict[str, Any] = {"id": texts, "messages": [], "answer": "", "error": GONE, "options": None}
        await connection.execute(insert(CallTextRow).values(**said))
