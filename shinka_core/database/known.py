"""What a database knows of an evolution, read before anything is opened or written."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, func, inspect, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.config import DatabaseConfig
from shinka_core.database.address import address_of
from shinka_core.database.drivers import read_present
from shinka_core.database.earlier import NEW_TABLE, read_earlier_programs
from shinka_core.database.engine import create_engine
from shinka_core.database.islands import read_islands
from shinka_core.database.lease import BEAT, look
from shinka_core.database.own_words import own_words
from shinka_core.database.ownership import SHARED, alive, holder, is_about_to_share
from shinka_core.database.rows import read_programs
from shinka_core.database.schema import EvolutionRow, GenerationRow, IslandMemberRow, ProgramRow
from shinka_core.database.seed import SEED
from shinka_core.database.sessions import kept_settings
from shinka_core.program import GenerationState, Program
from shinka_core.seeds import given_among, seeds_of

T = TypeVar("T")

# Seconds of silence up to which one that opens an evolution is taken to be there: two of its signs of life.
OPENING = 2 * BEAT


@dataclass(frozen=True, slots=True)
class KnownRun:
    """An evolution as it stands.

    Attributes:
        settings: As they were kept when it was last opened; of an older version the section `evolution` alone.
        owner: The process that has it open now, in words; "" when none has.
        seed: The recorded seed program, or None.
        correct: Correct programs.
        later: Generations after the seed program that were begun, other programs that were given not counted.
        final: Generations after the seed program that are over.
        islands: On how many seed programs live.
        spawned: Islands that were made on its way.
        shared: Several drivers may take part in it now.
        about_to_share: Its owner opens it to others in a moment.
    """

    name: str
    settings: dict[str, Any]
    owner: str
    seed: Program | None
    correct: int
    later: int
    final: int
    islands: int
    spawned: int = 0
    shared: bool = False
    about_to_share: bool = False

    @property
    def in_vain(self) -> bool:
        """Whether nothing has come of it: it can be begun again, with other settings as well."""
        return not self.correct and not self.later and not self.owner and not self.shared


async def names_in(config: DatabaseConfig, results_dir: Path) -> list[str] | None:
    """The evolutions of a database, the newest first; None when its file is not there.

    Raises:
        DatabaseError: It cannot be read.
    """

    async def read(connection: AsyncConnection) -> list[str]:
        rows = await connection.execute(
            select(EvolutionRow.name).order_by(EvolutionRow.created_at.desc(), EvolutionRow.name)
        )
        return [name for (name,) in rows]

    return await _reading(config, results_dir, read, [])


async def look_up(config: DatabaseConfig, results_dir: Path, name: str) -> KnownRun | None:
    """What is known of an evolution; None when there is none of that name, or no database.

    Raises:
        DatabaseError: The database cannot be read.
    """

    async def read(connection: AsyncConnection) -> KnownRun | None:
        return await _read(connection, name)

    return await _reading(config, results_dir, read, None)


async def _reading(
    config: DatabaseConfig, results_dir: Path, read: Callable[[AsyncConnection], Awaitable[T]], empty: T
) -> T | None:
    """Reads without making, migrating or writing anything."""
    address = address_of(config.db_path, results_dir)
    if address.file is not None and (not address.file.exists() or not address.file.stat().st_size):
        return None
    engine = create_engine(address)
    try:
        with own_words(address.name):
            async with engine.connect() as connection:
                return await read(connection) if await connection.run_sync(_has, "evolutions") else empty
    finally:
        await engine.dispose()


def _has(connection: Connection, table: str) -> bool:
    return inspect(connection).has_table(table)


def _has_column(connection: Connection, table: str, column: str) -> bool:
    return any(known["name"] == column for known in inspect(connection).get_columns(table))


async def _read(connection: AsyncConnection, name: str) -> KnownRun | None:
    row = (
        await connection.execute(select(EvolutionRow.settings, EvolutionRow.owner).where(EvolutionRow.name == name))
    ).first()
    if row is None:
        return None
    settings: dict[str, Any] | None = None
    if await connection.run_sync(_has, "sessions"):
        settings = await kept_settings(connection, name)
    homes = IslandMemberRow.after == 0  # later it comes to islands that were spawned
    spawned = 0
    if await connection.run_sync(_has, NEW_TABLE):
        spawned = sum(island.program_id is not None for island in await read_islands(connection, name))
        later = await connection.run_sync(_has_column, "program_texts", "feedback")
        found = await read_programs(
            connection, ProgramRow.evolution == name, ProgramRow.generation == SEED, later=later
        )
    else:
        found, homes = await read_earlier_programs(connection, name, SEED), true()
    program = next(iter(found), None)
    correct = await connection.scalar(select(func.count()).where(ProgramRow.evolution == name, ProgramRow.correct))
    if settings is None:
        settings = {"evolution": row.settings} if row.settings else {}
    seeds = seeds_of(settings)
    given, final = given_among(seeds), [state.value for state in GenerationState if state.final]
    later, over = (
        await connection.execute(
            select(
                func.count().filter(GenerationRow.number >= given), func.count().filter(GenerationRow.state.in_(final))
            ).where(GenerationRow.evolution == name, GenerationRow.number > SEED)
        )
    ).one()
    islands = 0
    if program is not None:
        living = select(func.count(IslandMemberRow.island.distinct())).where(IslandMemberRow.evolution == name, homes)
        if len(seeds) == 1:
            living = living.where(IslandMemberRow.program_id == program.id)
        else:
            first = select(ProgramRow.id).where(ProgramRow.evolution == name, ProgramRow.generation < len(seeds))
            living = living.where(IslandMemberRow.program_id.in_(first))
        islands = await connection.scalar(living)
    known = KnownRun(name, settings, "", program, int(correct or 0), later, over, int(islands or 0), spawned)
    if row.owner == SHARED:
        present = await read_present(connection, name)
        return replace(known, owner=present.words if present.certain else "", shared=bool(present.words))
    if is_about_to_share(row.owner):
        opening = await _who_opens(connection, name, row.owner)
        return replace(known, owner=opening, about_to_share=bool(opening))
    return replace(known, owner=alive(row.owner) or "")


async def _who_opens(connection: AsyncConnection, name: str, owner: str) -> str:
    """Who opens an evolution to others in a moment, in words; on another machine it was heard of just now, or is gone."""
    who = holder(owner)
    if who is None or who.certain:
        return who.words if who else ""
    found = await look(connection, name)
    return who.words if found is not None and found.silent < OPENING else ""
