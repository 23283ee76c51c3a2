"""The record of an evolution, read back in its order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable
from typing import Any

from sqlalchemy import case, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.calls import TOLD
from shinka_core.database.islands import ENTRY, read_islands
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
from shinka_core.database.sources import unpacked
from shinka_core.database.store import Store
from shinka_core.database.values import load_blame
from shinka_core.population.state import Population
from shinka_core.program import Failure, GenerationState
from shinka_core.record import Called, Ended, Event, Fold, Joined, Pull, Recorded, Retired, Spawned

# Rows that are taken up in one go: some ten milliseconds.
AT_ONCE = 500
# What `recorded_of` reads of a program, besides what went wrong with a seed program.
OF_PROGRAM: tuple[Any, ...] = (
    ProgramRow.id,
    ProgramRow.generation,
    ProgramRow.island,
    ProgramRow.score,
    ProgramRow.correct,
    ProgramRow.parent_id,
    EmbeddingRow.vector,
    ProgramRow.instance_scores,
    ProgramRow.features,
    ProgramRow.cost,
    ProgramRow.evaluation_seconds,
    ProgramRow.source_key,
)


async def read_events(store: Store, evolution: str, islands: int) -> list[Event]:
    """The calls of an evolution, then its programs, their moves and the failures in the order in which all that happened.

    Raises:
        DatabaseError: They cannot be read.
    """
    return await store.read(lambda connection: read_record(connection, evolution, islands))


async def read_record(connection: AsyncConnection, evolution: str, islands: int) -> list[Event]:
    """The same over a connection on which nothing was read yet."""
    if connection.dialect.name == "sqlite":
        await connection.exec_driver_sql("BEGIN")  # all of it as it is at one moment, also beside a writer
    changes = await _island_changes(connection, evolution, islands)
    spawned = [change.island for change in changes if isinstance(change, Spawned)]
    born, joined = await _members(connection, evolution, islands, spawned)
    calls = await _calls(connection, evolution)
    pulls = await read_pulls(connection, evolution)
    ends = [event async for event in _ends(connection, evolution, born, pulls)]
    return [*calls, *after_programs(ends, sorted([*changes, *joined], key=moment))]


def after_programs(ends: Iterable[Recorded | Ended], moves: Iterable[Spawned | Joined | Retired]) -> list[Event]:
    """Ends in their order, with what became of islands behind the program from which it followed.

    Args:
        moves: In their order.
    """
    events: list[Event] = []
    left = deque(moves)
    for event in ends:
        while left and isinstance(event, Recorded) and left[0].after < event.sequence:
            events.append(left.popleft())
        events.append(event)
    return [*events, *left]


async def tell(events: Iterable[Event], population: Population, *folds: Fold) -> None:
    """Tells a population and other folds of a record that was read back; others have their turn meanwhile."""
    for number, event in enumerate(events):
        population.take(event)
        for fold in folds:
            fold.apply(event)
        if number % AT_ONCE == 0:
            await asyncio.sleep(0)
    await asyncio.to_thread(population.rank)


async def _members(
    connection: AsyncConnection, evolution: str, islands: int, spawned: list[int]
) -> tuple[dict[str, tuple[int, ...]], list[Joined]]:
    """On which islands each program was recorded, and who came to another one later, in that order."""
    born: dict[str, tuple[int, ...]] = {}
    joined: list[Joined] = []
    rows = (
        select(IslandMemberRow.program_id, IslandMemberRow.island, IslandMemberRow.after)
        .join(ProgramRow, ProgramRow.id == IslandMemberRow.program_id)
        .where(
            IslandMemberRow.evolution == evolution,
            (IslandMemberRow.island < islands) | IslandMemberRow.island.in_(spawned),
        )
        .order_by(IslandMemberRow.after, ProgramRow.sequence, IslandMemberRow.island)
    )
    async for part in (await connection.stream(rows)).partitions(AT_ONCE):
        for program_id, island, after in part:
            if after:
                joined.append(Joined(after, program_id, island))
            else:
                born[program_id] = (*born.get(program_id, ()), island)
    return born, joined


async def _island_changes(connection: AsyncConnection, evolution: str, islands: int) -> list[Spawned | Retired]:
    """Islands that came after the first ones, and those that were retired."""
    changes: list[Spawned | Retired] = []
    for record in await read_islands(connection, evolution):
        came_later = record.program_id is not None
        if record.island >= islands and came_later:
            entry = record.settings.get(ENTRY)
            changes.append(Spawned(record.created_after, record.island, record.origin, entry))
        if record.retired_after is not None and (record.island < islands or came_later):
            changes.append(Retired(record.retired_after, record.island))
    return changes


def moment(change: Spawned | Joined | Retired) -> tuple[int, int]:
    """Programs come to an island after it was spawned and before it is retired."""
    return change.after, (Spawned, Joined, Retired).index(type(change))


async def _ends(
    connection: AsyncConnection, evolution: str, born: dict[str, tuple[int, ...]], pulls: Pulls
) -> AsyncIterator[Recorded | Ended]:
    """Programs by their sequence, each after the failures that came before it."""
    failures = iter(await _failures(connection, evolution, pulls))
    failure = next(failures, None)
    programs = (
        select(
            ProgramRow.sequence,
            *OF_PROGRAM,
            case((ProgramRow.generation == SEED, ProgramTextRow.error), else_="").label("error"),
            GenerationRow.sequence.label("end"),
        )
        .outerjoin(
            GenerationRow,
            (GenerationRow.evolution == ProgramRow.evolution) & (GenerationRow.number == ProgramRow.generation),
        )
        .outerjoin(EmbeddingRow, EmbeddingRow.digest == ProgramRow.embedding)
        .outerjoin(ProgramTextRow, (ProgramTextRow.program_id == ProgramRow.id) & (ProgramRow.generation == SEED))
        .where(ProgramRow.evolution == evolution)
        .order_by(ProgramRow.sequence)
    )
    async for part in (await connection.stream(programs)).partitions(AT_ONCE):
        for row in part:
            while failure is not None and row.end is not None and failure[0] < row.end:
                yield failure[1]
                failure = next(failures, None)
            yield recorded_of(row, row.sequence, born.get(row.id, ()), pulls.get(row.generation, ()))
    if failure is not None:
        yield failure[1]
    for _, late in failures:
        yield late


def recorded_of(row: Any, sequence: int, islands: tuple[int, ...], pulls: tuple[Pull, ...]) -> Recorded:
    """The event of a program's row.

    Args:
        sequence: The program's.
    """
    return Recorded(
        sequence=sequence,
        program_id=row.id,
        generation=row.generation,
        island=row.island,
        islands=islands,
        score=row.score,
        correct=row.correct,
        parent_id=row.parent_id,
        pulls=pulls,
        embedding=unpacked(row.vector),
        instance_scores=row.instance_scores or {},
        features=row.features or {},
        cost=row.cost,
        seconds=row.evaluation_seconds,
        error=row.error or "",
        text=row.source_key,
    )


async def _failures(connection: AsyncConnection, evolution: str, pulls: Pulls) -> list[tuple[int, Ended]]:
    """With their place in the order of ends."""
    rows = await connection.execute(
        select(
            GenerationRow.sequence,
            GenerationRow.number,
            GenerationRow.failure_step,
            GenerationRow.failure_reason,
            GenerationRow.failure_detail,
            GenerationRow.blame,
        )
        .where(GenerationRow.evolution == evolution, GenerationRow.state == GenerationState.FAILED.value)
        .order_by(GenerationRow.sequence)
    )
    return [
        (sequence or 0, Ended(number, Failure(*why), pulls.get(number, ()), blame=load_blame(blame)))
        for sequence, number, *why, blame in rows
    ]


async def _calls(connection: AsyncConnection, evolution: str) -> list[Event]:
    rows = await connection.execute(
        select(*(getattr(ModelCallRow, name) for name in TOLD))
        .where(ModelCallRow.evolution == evolution)
        .order_by(ModelCallRow.id)
    )
    return [Called(*row) for row in rows]
