"""What changes in a database when an evolution is taken up under other settings than before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.islands import FirstIslands, initial_islands
from shinka_core.database.journal import FINAL
from shinka_core.database.schema import (
    EmbeddingRow,
    EvolutionRow,
    GenerationRow,
    IslandMemberRow,
    ProgramRow,
    StepRow,
    table_of,
)
from shinka_core.database.seed import SEED, reopen_seeds
from shinka_core.database.sources import embedding_rows, in_language, packed, read_sources, unpacked
from shinka_core.database.steps import encoded, step_rows
from shinka_core.database.store import Store
from shinka_core.database.writer import execute_rows
from shinka_core.program import GenerationState
from shinka_core.source import Source

Vector = NDArray[np.float32]
StepPlace = tuple[int, int, int]
Embed = Callable[[Source], Awaitable[Vector | None]]

BATCH = 100


@dataclass(frozen=True, slots=True)
class Embeddings:
    """Every program's embedding, made anew.

    Attributes:
        programs: By id; None for one that cannot be embedded.
        judged: By generation, attempt and turn: of candidates that are judged and not recorded yet.
    """

    programs: Mapping[str, Vector | None]
    judged: Mapping[StepPlace, Vector | None]


@dataclass(frozen=True, slots=True)
class TakeUp:
    """How an evolution is taken up.

    Attributes:
        settings: To be kept with the session; None for those of the one before.
        seed: Of the random choices.
        changed: Seed program or evaluator is another one than before.
        embeddings: Replace those that are stored.
        generations: That the run is to come to, of which a share has ended; None: as many as have.
        seeds: Seed programs, of which so many as `given` are no more to be written.
        written: Whether a model writes the first one.
    """

    settings: dict[str, Any] | None = None
    seed: int | None = None
    changed: bool = False
    embeddings: Embeddings | None = None
    generations: int | None = None
    seeds: int = 1
    given: int = 1
    written: bool = False


async def change(connection: AsyncConnection, evolution: str, seed: int, islands: FirstIslands, how: TakeUp) -> None:
    """Changes what is stored: all of it in the caller's transaction."""
    await connection.execute(update(EvolutionRow).where(EvolutionRow.name == evolution).values(seed=seed))
    await reopen_seeds(connection, evolution, changed=how.changed, given=how.given, written=how.written)
    await seed_islands(connection, evolution, islands, how.seeds)
    if how.embeddings is not None:
        await store_embeddings(connection, evolution, how.embeddings)


async def seed_islands(connection: AsyncConnection, evolution: str, islands: FirstIslands, seeds: int = 1) -> None:
    """Lets the seed program live on every initial island, on those that came later as well.

    Of several seed programs the islands that come later take those in turn that are correct, if any is.
    """
    added = await initial_islands(connection, evolution, islands)
    if seeds > 1:
        await _spread_seeds(connection, evolution, added, seeds)
        return
    program = await connection.scalar(
        select(ProgramRow.id).where(ProgramRow.evolution == evolution, ProgramRow.generation == SEED)
    )
    if program is None:
        return  # it will be recorded on all of them
    rows = await connection.execute(
        select(IslandMemberRow.island).where(
            IslandMemberRow.evolution == evolution, IslandMemberRow.program_id == program
        )
    )
    there = {island for (island,) in rows}
    missing = [
        {"evolution": evolution, "island": island, "program_id": program}
        for island in range(islands.count)
        if island not in there
    ]
    if missing:
        await connection.execute(insert(table_of(IslandMemberRow)), missing)


async def _spread_seeds(connection: AsyncConnection, evolution: str, islands: Sequence[int], seeds: int) -> None:
    rows = await connection.execute(
        select(ProgramRow.id, ProgramRow.correct)
        .where(ProgramRow.evolution == evolution, ProgramRow.generation >= SEED, ProgramRow.generation < seeds)
        .order_by(ProgramRow.generation)
    )
    found = [(program, correct) for program, correct in rows]
    chosen = [program for program, correct in found if correct] or [program for program, _ in found]
    members = [
        {"evolution": evolution, "island": island, "program_id": chosen[island % len(chosen)]}
        for island in islands
        if chosen
    ]
    if members:
        await connection.execute(insert(table_of(IslandMemberRow)), members)


async def embed_anew(store: Store, evolution: str, embed: Embed) -> Embeddings:
    """Embeds every program, and every candidate that is judged and not recorded yet; writes nothing.

    Args:
        embed: From a program to `(d,)` float32, or None.
    """
    programs: dict[str, Vector | None] = {}
    judged: dict[StepPlace, Vector | None] = {}
    ids = await _rows(store, select(ProgramRow.id).where(ProgramRow.evolution == evolution))
    for first in range(0, len(ids), BATCH):
        some = [row.id for row in ids[first : first + BATCH]]
        query = select(ProgramRow.id, ProgramRow.source, ProgramRow.language).where(ProgramRow.id.in_(some))
        for row, source in await _with_sources(store, query):
            programs[row.id] = await embed(source)
    candidates = {
        (row.step, row.generation, row.attempt, row.turn): source
        for row, source in await _with_sources(store, _open_steps(evolution))
    }
    for step, generation, attempt, turn in candidates:
        if step == GenerationState.JUDGED:
            patched = candidates[GenerationState.PATCHED.value, generation, attempt, turn]
            assert patched is not None, "what was judged is a candidate"
            judged[generation, attempt, turn] = await embed(patched)
    return Embeddings(programs, judged)


async def seed_embedding(store: Store, evolution: str) -> tuple[Source, Vector] | None:
    """The seed program and its stored embedding; None while it has none."""
    query = (
        select(ProgramRow.source, ProgramRow.language, EmbeddingRow.vector)
        .outerjoin(EmbeddingRow, EmbeddingRow.digest == ProgramRow.embedding)
        .where(ProgramRow.evolution == evolution, ProgramRow.generation == SEED)
    )
    rows = await _with_sources(store, query)
    stored = unpacked(rows[0][0].vector) if rows else None
    return None if stored is None else (rows[0][1], stored)


async def _with_sources(store: Store, query: Any) -> list[tuple[Any, Any]]:
    """Rows with a `source` and a `language`, and the sources; None where there is none."""

    async def read(connection: AsyncConnection) -> list[tuple[Any, Any]]:
        rows = list(await connection.execute(query))
        sources = await read_sources(connection, {row.source for row in rows if row.source is not None})
        return [(row, None if row.source is None else in_language(sources[row.source], row.language)) for row in rows]

    return await store.read(read)


async def _rows(store: Store, query: Any) -> list[Any]:
    async def read(connection: AsyncConnection) -> list[Any]:
        return list(await connection.execute(query))

    return await store.read(read)


async def store_embeddings(connection: AsyncConnection, evolution: str, embeddings: Embeddings) -> None:
    """Lets programs name the new embeddings; those of steps are said once more, and the last word counts."""
    names: list[dict[str, Any]] = []
    for program, vector in embeddings.programs.items():
        names.append({"of": program, "digest": await _store(connection, vector)})
    table = table_of(ProgramRow)
    if names:
        await connection.execute(
            update(table).where(table.c.id == bindparam("of")).values(embedding=bindparam("digest")), names
        )
    for (generation, attempt, turn), vector in embeddings.judged.items():
        judged = (
            await connection.execute(
                select(StepRow.payload, StepRow.seconds)
                .where(
                    StepRow.evolution == evolution,
                    StepRow.generation == generation,
                    StepRow.step == GenerationState.JUDGED.value,
                    StepRow.attempt == attempt,
                    StepRow.turn == turn,
                )
                .order_by(StepRow.id.desc())
                .limit(1)
            )
        ).one()
        place = {
            "evolution": evolution,
            "generation": generation,
            "step": GenerationState.JUDGED.value,
            "attempt": attempt,
            "turn": turn,
        }
        payload = judged.payload | {"embedding": encoded(packed(vector))}
        await execute_rows(connection, step_rows(place, payload, judged.seconds))


async def _store(connection: AsyncConnection, vector: Vector | None) -> str | None:
    """The name of an embedding that is stored now."""
    data = packed(vector)
    if data is None:
        return None
    digest, stored = embedding_rows(data)
    await execute_rows(connection, stored)
    return digest


def _open_steps(evolution: str) -> Any:
    """Places of the candidates of open generations, source and language of those that are patched."""
    language = select(func.min(ProgramRow.language)).where(ProgramRow.evolution == evolution).scalar_subquery()
    return (
        select(
            StepRow.step, StepRow.generation, StepRow.attempt, StepRow.turn, StepRow.source, language.label("language")
        )
        .join(
            GenerationRow,
            (GenerationRow.evolution == StepRow.evolution) & (GenerationRow.number == StepRow.generation),
        )
        .where(
            StepRow.evolution == evolution,
            StepRow.step.in_([GenerationState.PATCHED.value, GenerationState.JUDGED.value]),
            GenerationRow.state.not_in(FINAL),
        )
        .order_by(StepRow.id)
    )
