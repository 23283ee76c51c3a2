"""The record behind a place that is known: what other drivers have written since, as events in their order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.calls import TOLD
from shinka_core.database.islands import ENTRY, read_islands
from shinka_core.database.loading import OF_PROGRAM, after_programs, moment, read_record, recorded_of
from shinka_core.database.pulls import Pulls, read_pulls
from shinka_core.database.schema import (
    EmbeddingRow,
    GenerationRow,
    IslandMemberRow,
    ModelCallRow,
    ProgramRow,
    ProgramTextRow,
)
from shinka_core.database.seed import SEED
from shinka_core.database.store import Store
from shinka_core.database.values import load_blame
from shinka_core.population.state import Population
from shinka_core.program import Failure, GenerationState
from shinka_core.record import Called, Ended, Event, Joined, Recorded, Retired, Spawned


@dataclass(slots=True)
class Place:
    """How much of the record is known.

    Attributes:
        ends: Generations that have ended: the place of the last one in their order.
        call: Id of the last model call that was looked at.
        language: Of the programs; "" while there is none.
    """

    ends: int = 0
    call: int = 0
    language: str = ""


async def read_all(store: Store, evolution: str, islands: int) -> tuple[list[Event], Place]:
    """The whole record as it is at one moment, beside those who write, and the place that it goes up to.

    Raises:
        DatabaseError: It cannot be read.
    """

    async def read(connection: AsyncConnection) -> tuple[list[Event], Place]:
        if connection.dialect.name == "postgresql":
            await connection.execution_options(isolation_level="REPEATABLE READ")
        events = await read_record(connection, evolution, islands)
        return events, await _place(connection, evolution)

    return await store.read(read)


async def read_place(store: Store, evolution: str) -> Place:
    """The place that the record goes up to, for who knows it because nobody else has written it."""
    return await store.read(lambda connection: _place(connection, evolution))


async def _place(connection: AsyncConnection, evolution: str) -> Place:
    ends = select(func.max(GenerationRow.sequence)).where(GenerationRow.evolution == evolution)
    call = select(func.max(ModelCallRow.id)).where(ModelCallRow.evolution == evolution)
    return Place(await connection.scalar(ends) or 0, await connection.scalar(call) or 0)


async def read_calls(
    connection: AsyncConnection, evolution: str, place: Place, mine: set[str]
) -> tuple[list[Called], int]:
    """Calls behind a place that are others', and the id of the last one.

    Args:
        mine: Those that are known already, by what names their texts; they are dropped from it when they are met.
    """
    rows = await connection.execute(
        select(ModelCallRow.id, ModelCallRow.texts, *(getattr(ModelCallRow, name) for name in TOLD))
        .where(ModelCallRow.evolution == evolution, ModelCallRow.id > place.call)
        .order_by(ModelCallRow.id)
    )
    found: list[Called] = []
    last = place.call
    for number, texts, *called in rows:
        last = number
        if texts in mine:
            mine.discard(texts)
        else:
            found.append(Called(*called))
    return found, last


async def read_ends(
    connection: AsyncConnection, evolution: str, place: Place, population: Population, *, thorough: bool = False
) -> tuple[list[Event], Place]:
    """Ends behind a place and what followed from them for the islands, and the place that they go up to.

    Args:
        population: As it is at that place.
        thorough: Look at the islands also where no generation has ended since.
    """
    rows = (await connection.execute(_ends(evolution, place))).all()
    if not rows and not thorough:
        return [], place
    programs = [row.id for row in rows if row.id is not None]
    pulls = await read_pulls(connection, evolution, [row.number for row in rows]) if rows else {}
    born, joined = await _members(connection, evolution, population, programs)
    moves: list[Spawned | Joined | Retired] = [*await _changes(connection, evolution, population), *joined]
    ended = [_event(row, born.get(row.id, ()), pulls) for row in rows]
    languages = [row.language for row in rows if row.language]
    known = Place(rows[-1].sequence if rows else place.ends, place.call, place.language or next(iter(languages), ""))
    return after_programs(ended, sorted(moves, key=moment)), known


def _ends(evolution: str, place: Place) -> Any:
    return (
        select(
            GenerationRow.sequence.label("end"),
            GenerationRow.sequence,
            GenerationRow.number,
            GenerationRow.state,
            GenerationRow.failure_step,
            GenerationRow.failure_reason,
            GenerationRow.failure_detail,
            GenerationRow.blame,
            ProgramRow.sequence.label("program"),
            ProgramRow.language,
            *OF_PROGRAM,
            ProgramTextRow.error,
        )
        .outerjoin(
            ProgramRow,
            (ProgramRow.evolution == GenerationRow.evolution) & (ProgramRow.generation == GenerationRow.number),
        )
        .outerjoin(EmbeddingRow, EmbeddingRow.digest == ProgramRow.embedding)
        .outerjoin(ProgramTextRow, (ProgramTextRow.program_id == ProgramRow.id) & (ProgramRow.generation == SEED))
        .where(GenerationRow.evolution == evolution, GenerationRow.sequence > place.ends)
        .order_by(GenerationRow.sequence)
    )


def _event(row: Any, islands: tuple[int, ...], pulls: Pulls) -> Recorded | Ended:
    if row.state == GenerationState.FAILED.value:
        failure = Failure(row.failure_step, row.failure_reason, row.failure_detail)
        return Ended(row.number, failure, pulls.get(row.number, ()), blame=load_blame(row.blame))
    return recorded_of(row, row.program, islands, pulls.get(row.number, ()))


async def _members(
    connection: AsyncConnection, evolution: str, population: Population, programs: Sequence[str]
) -> tuple[dict[str, tuple[int, ...]], list[Joined]]:
    """Where new programs were recorded, and who has come to another island since."""
    born: dict[str, tuple[int, ...]] = {}
    members = select(IslandMemberRow.program_id, IslandMemberRow.island, IslandMemberRow.after).where(
        IslandMemberRow.evolution == evolution
    )
    first = members.where(IslandMemberRow.program_id.in_(programs), IslandMemberRow.after == 0)
    for program, island, _ in await connection.execute(first.order_by(IslandMemberRow.island)) if programs else ():
        born[program] = (*born.get(program, ()), island)
    later = (
        members.join(ProgramRow, ProgramRow.id == IslandMemberRow.program_id)
        .where(IslandMemberRow.after >= max(population.sequence, 1))
        .order_by(IslandMemberRow.after, ProgramRow.sequence, IslandMemberRow.island)
    )
    joined = [Joined(after, program, island) for program, island, after in await connection.execute(later)]
    return born, [event for event in joined if not _lives(population, event)]


def _lives(population: Population, event: Joined) -> bool:
    position, islands = population.find(event.program_id), population.islands
    return position is not None and event.island < len(islands) and islands[event.island].holds(position)


async def _changes(connection: AsyncConnection, evolution: str, population: Population) -> Iterable[Spawned | Retired]:
    """Islands that were made and retired since."""
    found: list[Spawned | Retired] = []
    islands = population.islands
    for record in await read_islands(connection, evolution):
        known = record.island < len(islands)
        if not known:
            found.append(Spawned(record.created_after, record.island, record.origin, record.settings.get(ENTRY)))
        if record.retired_after is not None and not (known and islands[record.island].retired):
            found.append(Retired(record.retired_after, record.island))
    return found
