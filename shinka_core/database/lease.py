"""Taking an evolution up, showing that it is held, and noticing that it was taken by another.

Every commit of the owner counts up and names the time, so its rows are its signs of life, and the count is
the receipt of the last commit. An owner that cannot be seen (on another machine, in another container) and
gives no sign for `SILENT` seconds is taken for gone. One that was only asleep finds the evolution taken
with its next commit, which is refused.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from sqlalchemy import Double, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from shinka_core.database.ownership import holder
from shinka_core.database.schema import EvolutionRow, now, table_of
from shinka_core.database.store import Store
from shinka_core.errors import DatabaseError, EvolutionExistsError, OwnershipLostError

logger = logging.getLogger("shinka.database")

# Seconds after which an owner that has nothing else to write gives a sign of life.
BEAT = 10.0
# Seconds without one after which an owner that cannot be seen is taken for gone.
SILENT = 60.0
LOOK_AGAIN = 0.5
# Seconds for giving an evolution back.
RELEASE = 5.0


class database_seconds(FunctionElement[float]):  # noqa: N801 - a function of SQL
    """Seconds since 1970 by the database's clock, at this moment and not at the transaction's begin."""

    type = Double[float]()
    inherit_cache = True


@compiles(database_seconds, "sqlite")
def _sqlite_seconds(_element: Any, _compiler: Any, **_options: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(database_seconds, "postgresql")
def _postgres_seconds(_element: Any, _compiler: Any, **_options: Any) -> str:
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS DOUBLE PRECISION)"


# A sign of life, which every commit gives: made once.
_SIGN = (
    update(table_of(EvolutionRow))
    .where(
        EvolutionRow.name == bindparam("evolution"),
        EvolutionRow.owner == bindparam("mark"),
        EvolutionRow.commits == bindparam("counted"),
    )
    .values(commits=EvolutionRow.commits + 1, seen_at=database_seconds())
)


class Lease:
    """That an evolution is held under a mark.

    Attributes:
        commits: Of the evolution, as far as this owner knows.
    """

    def __init__(self, evolution: str, mark: str, commits: int) -> None:
        self.evolution = evolution
        self.mark = mark
        self.commits = commits

    async def sign(self, connection: AsyncConnection, *, in_doubt: bool) -> bool:
        """Counts the commit that is being made; the row is locked until then.

        Args:
            in_doubt: The same commit was tried before, and its receipt may have been lost.

        Returns:
            Whether it was committed by that try.

        Raises:
            OwnershipLostError: Another has taken the evolution up.
        """
        while True:
            mine = {"evolution": self.evolution, "mark": self.mark, "counted": self.commits}
            signed = await connection.execute(_SIGN, mine)
            if signed.rowcount == 1:
                return False
            found = await look(connection, self.evolution)
            if found is None or found.owner != self.mark:
                who = holder(found.owner) if found is not None else None
                raise OwnershipLostError(
                    f"evolution {self.evolution!r} is not this process's any more: "
                    f"{f'{who.words} has taken it up' if who else 'it was taken up by another'}"
                )
            if in_doubt and found.commits == self.commits + 1:
                return True
            self.commits = found.commits  # one that had been given up came through after all

    def signed(self) -> None:
        """The commit is durable."""
        self.commits += 1


async def look(connection: AsyncConnection, evolution: str) -> Any:
    """Owner, commits and the seconds of silence of an evolution; None when there is none."""
    return (
        await connection.execute(
            select(
                EvolutionRow.owner,
                EvolutionRow.commits,
                (database_seconds() - EvolutionRow.seen_at).label("silent"),
            ).where(EvolutionRow.name == evolution)
        )
    ).first()


async def take(connection: AsyncConnection, evolution: str, mark: str, seen: Any) -> Any:
    """Makes the evolution this mark's, if it is still as it was seen; returns its row.

    Raises:
        EvolutionExistsError: Another was faster.
    """
    taken = await connection.execute(
        update(EvolutionRow)
        .where(EvolutionRow.name == evolution, EvolutionRow.owner == seen.owner, EvolutionRow.commits == seen.commits)
        .values(state="running", owner=mark, seen_at=database_seconds(), updated_at=now())
    )
    row = (await connection.execute(select(EvolutionRow.__table__).where(EvolutionRow.name == evolution))).one()
    if taken.rowcount != 1 and row.owner != mark:  # unless it is ours: the receipt of that was lost
        raise EvolutionExistsError(f"evolution {evolution!r} was taken up by another process at this moment")
    return row


async def release(store: Store, evolution: str, mark: str) -> None:
    """Gives an evolution back, if it still is that mark's; where that fails, others wait for the silence."""
    try:
        async with asyncio.timeout(RELEASE), store.begin() as connection:
            await connection.execute(
                update(EvolutionRow).where(EvolutionRow.name == evolution, EvolutionRow.owner == mark).values(owner="")
            )
    except (DatabaseError, TimeoutError) as error:
        logger.debug("evolution %s was not given back: %s", evolution, error)
