"""Islands as rows: those a run begins with, and those that are spawned and retired on its way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.config import DatabaseConfig
from shinka_core.database.schema import IslandMemberRow, IslandRow, ProgramRow, table_of
from shinka_core.errors import DatabaseError

Origin = Literal["initial", "best", "archive", "bootstrap", "fresh_best"]
INITIAL = "initial"
OWN, ENTRY, REASON, RETIRED = "own", "entry", "reason", "retired"


@dataclass(frozen=True, slots=True)
class FirstIslands:
    """The islands that a run begins with.

    Attributes:
        own: What each does in its own way, as text, by the entry of the settings; empty where all are alike.
    """

    count: int
    own: tuple[Mapping[str, Any], ...] = ()


def first_islands(config: DatabaseConfig) -> FirstIslands:
    """Those that settings say."""
    own = (island.model_dump(mode="json", exclude_none=True) for island in config.islands)
    return FirstIslands(config.num_islands, tuple(own))


@dataclass(frozen=True, slots=True)
class IslandRecord:
    """An island as it is recorded.

    Attributes:
        origin: `initial` of the first ones, else what it was spawned from.
        program_id: The program that it was spawned with, which lives on it from its beginning; None for the first ones.
        created_after: How many programs were recorded by then.
        retired_after: The same of its retirement; None while it lives.
        settings: Its own, over those of the run (`OWN`), which entry of the run's `islands` they are (`ENTRY`), and
            why it was made and retired (`REASON`, `RETIRED`).
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


async def initial_islands(connection: AsyncConnection, evolution: str, first: FirstIslands) -> list[int]:
    """Adds those of the first islands that are not there yet, and says which these are.

    Of every living one it is stored what it does in its own way.
    """
    known = await read_islands(connection, evolution)
    there = {island.island for island in known}
    after = await _recorded(connection, evolution) if there else 0
    missing = [
        IslandRecord(island, created_after=after, settings=own_settings(island, first.own))
        for island in range(first.count)
        if island not in there
    ]
    await _add(connection, evolution, missing)
    for island in known:
        if island.retired_after is None:
            await _renew(connection, evolution, island, first.own)
    return [record.island for record in missing]


def own_settings(
    island: int, own: Sequence[Mapping[str, Any]], before: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """What an island is recorded with; the entry by which it began stays its own.

    Args:
        own: By entry of the settings; empty where all islands are alike.
        before: What it is recorded with so far.
    """
    known: Mapping[str, Any] = before or {}
    told = {name: value for name, value in known.items() if name not in (OWN, ENTRY)}
    if not own:
        return told
    entry: int = known.get(ENTRY, island) % len(own)
    return told | {ENTRY: entry, OWN: dict(own[entry])}


async def _renew(
    connection: AsyncConnection, evolution: str, island: IslandRecord, own: Sequence[Mapping[str, Any]]
) -> None:
    settings = own_settings(island.island, own, island.settings)
    if settings != island.settings:
        await connection.execute(
            update(IslandRow)
            .where(IslandRow.evolution == evolution, IslandRow.island == island.island)
            .values(settings=settings)
        )


async def add_island(
    connection: AsyncConnection,
    evolution: str,
    origin: Origin,
    program_id: str,
    settings_of: Callable[[int], Mapping[str, Any]],
) -> IslandRecord:
    """Adds one more island, with a program that lives on it from now on.

    Args:
        settings_of: What it is recorded with, by its number.

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
    number = 0 if last is None else last + 1
    island = IslandRecord(number, origin, program_id, after, None, settings_of(number))
    await _add(connection, evolution, [island])
    await connection.execute(
        insert(table_of(IslandMemberRow)),
        {"evolution": evolution, "island": island.island, "program_id": program_id, "after": after},
    )
    return island


async def retire(connection: AsyncConnection, evolution: str, island: int, reason: str = "") -> int | None:
    """Takes note that nothing is proposed on an island any more, and why.

    Returns:
        How many programs were recorded by then; None when it was retired before.

    Raises:
        DatabaseError: There is no such island, or it is the last one that lives.
    """
    known = await read_islands(connection, evolution)
    living = {record.island: record for record in known if record.retired_after is None}
    if island not in living:
        if island in {record.island for record in known}:
            return None
        raise DatabaseError(f"evolution {evolution!r} has no island {island}; it has {_numbers(known)}")
    if list(living) == [island]:
        raise DatabaseError(
            f"island {island} is the last of evolution {evolution!r}; spawn another before it is retired"
        )
    after = await _recorded(connection, evolution)
    settings = dict(living[island].settings) | ({RETIRED: reason} if reason else {})
    await connection.execute(
        update(IslandRow)
        .where(IslandRow.evolution == evolution, IslandRow.island == island)
        .values(retired_after=after, settings=settings)
    )
    return after


def island_values(evolution: str, island: IslandRecord) -> dict[str, Any]:
    """The columns of an island."""
    return {
        "evolution": evolution,
        "island": island.island,
        "origin": island.origin,
        "program_id": island.program_id,
        "created_after": island.created_after,
        "retired_after": island.retired_after,
        "settings": dict(island.settings),
    }


async def _add(connection: AsyncConnection, evolution: str, islands: Iterable[IslandRecord]) -> None:
    rows = [island_values(evolution, island) for island in islands]
    if rows:
        await connection.execute(insert(table_of(IslandRow)), rows)


async def _recorded(connection: AsyncConnection, evolution: str) -> int:
    last = await connection.scalar(select(func.max(ProgramRow.sequence)).where(ProgramRow.evolution == evolution))
    return last or 0


def _numbers(islands: Iterable[IslandRecord]) -> str:
    return ", ".join(str(record.island) for record in islands) or "none"
