"""Islands as rows: those a run begins with, and those that are spawned and retired on its way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.schema import IslandMemberRow, IslandRow, ProgramRow, table_of
from shinka_core.errors import DatabaseError

Origin = Literal["initial", "best", "archive", "bootstrap"]
INITIAL = "initial"


@dataclass(frozen=True, slots=True)
class IslandRecord:
    """An island as it is recorded.

    Attributes:
        origin: `initial` of the first ones, else what it was spawned from.
        program_id: The program that it was spawned with, which lives on it from its beginning; None for the first ones.
        created_after: How many programs were recorded by then.
        retired_after: The same of its retirement; None while it lives.
        settings: Its own, over those of the run.
    """

    island: int
    origin: str = INITIAL
    program_id: str | None = None
    created_after: int = 0
    retired_after: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])


async def read_islands(connection: AsyncConnection, evolution: str) -> list[IslandRecord]:
    """The islands of an evolution by number, the retired ones too."""
    rows = await connection.execute(
        select(
            IslandRow.island,
            IslandRow.origin,
            IslandRow.program_id,
            IslandRow.created_after,
            IslandRow.retired_after,
            IslandRow.settings,
        )
        .where(IslandRow.evolution == evolution)
        .order_by(IslandRow.island)
    )
    return [IslandRecord(*row) for row in rows]


async def initial_islands(connection: AsyncConnection, evolution: str, count: int) -> None:
    """Adds those of the first islands that are not there yet."""
    there = {island.island for island in await read_islands(connection, evolution)}
    after = await _recorded(connection, evolution) if there else 0
    missing = [IslandRecord(island, created_after=after) for island in range(count) if island not in there]
    await _add(connection, evolution, missing)


async def add_island(
    connection: AsyncConnection, evolution: str, origin: Origin, program_id: str, settings: Mapping[str, Any]
) -> IslandRecord:
    """Adds one more island, with a program that lives on it from now on.

    Raises:
        DatabaseError: The evolution has no such program.
    """
    there = await connection.scalar(
        select(ProgramRow.id).where(ProgramRow.evolution == evolution, ProgramRow.id == program_id)
    )
    if there is None:
        raise DatabaseError(f"evolution {evolution!r} has no program {program_id!r} to spawn an island with")
    last = await connection.scalar(select(func.max(IslandRow.island)).where(IslandRow.evolution == evolution))
    after = await _recorded(connection, evolution)
    island = IslandRecord(0 if last is None else last + 1, origin, program_id, after, None, settings)
    await _add(connection, evolution, [island])
    await connection.execute(
        insert(table_of(IslandMemberRow)),
        {"evolution": evolution, "island": island.island, "program_id": program_id, "after": after},
    )
    return island


async def retire(connection: AsyncConnection, evolution: str, island: int) -> int | None:
    """Takes note that nothing is proposed on an island any more.

    Returns:
        How many programs were recorded by then; None when it was retired before.

    Raises:
        DatabaseError: There is no such island, or it is the last one that lives.
    """
    known = await read_islands(connection, evolution)
    living = [record.island for record in known if record.retired_after is None]
    if island not in living:
        if island in {record.island for record in known}:
            return None
        raise DatabaseError(f"evolution {evolution!r} has no island {island}; it has {_numbers(known)}")
    if living == [island]:
        raise DatabaseError(
            f"island {island} is the last of evolution {evolution!r}; spawn another before it is retired"
        )
    after = await _recorded(connection, evolution)
    await connection.execute(
        update(IslandRow)
        .where(IslandRow.evolution == evolution, IslandRow.island == island)
        .values(retired_after=after)
    )
    return after


async def _add(connection: AsyncConnection, evolution: str, islands: Iterable[IslandRecord]) -> None:
    rows = [
        {
            "evolution": evolution,
            "island": island.island,
            "origin": island.origin,
            "program_id": island.program_id,
            "created_after": island.created_after,
            "retired_after": island.retired_after,
            "settings": dict(island.settings),
        }
        for island in islands
    ]
    if rows:
        await connection.execute(insert(table_of(IslandRow)), rows)


async def _recorded(connection: AsyncConnection, evolution: str) -> int:
    last = await connection.scalar(select(func.max(ProgramRow.sequence)).where(ProgramRow.evolution == evolution))
    return last or 0


def _numbers(islands: Iterable[IslandRecord]) -> str:
    return ", ".join(str(record.island) for record in islands) or "none"
