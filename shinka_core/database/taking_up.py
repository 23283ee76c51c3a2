"""What changes in a database when an evolution is taken up under other settings than before."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.journal import FINAL
from shinka_core.database.rows import vector_of
from shinka_core.database.schema import EvolutionRow, GenerationRow, IslandMemberRow, ProgramRow, StepRow, table_of
from shinka_core.database.seed import SEED, reopen_seed
from shinka_core.database.store import Store
from shinka_core.program import GenerationState

Vector = NDArray[np.float32]
StepPlace = tuple[int, int, int]
Embed = Callable[[str, str], Awaitable[Vector | None]]

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
    """

    settings: dict[str, Any] | None = None
    seed: int | None = None
    changed: bool = False
    embeddings: Embeddings | None = None


async def change(connection: AsyncConnection, evolution: str, seed: int, islands: int, how: TakeUp) -> None:
    """Changes what is stored: all of it in the caller's transaction."""
    await connection.execute(update(EvolutionRow).where(EvolutionRow.name == evolution).values(seed=seed))
    await reopen_seed(connection, evolution, changed=how.changed)
    await seed_islands(connection, evolution, islands)
    if how.embeddings is not None:
        await store_embeddings(connection, evolution, how.embeddings)


async def seed_islands(connection: AsyncConnection, evolution: str, count: int) -> None:
    """Lets the seed program live on every island, on those that came later as well."""
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
        for island in range(count)
        if island not in there
    ]
    if missing:
        await connection.execute(insert(table_of(IslandMemberRow)), missing)


async def embed_anew(store: Store, evolution: str, embed: Embed) -> Embeddings:
    """Embeds every program, and every candidate that is judged and not recorded yet; writes nothing.

    Args:
        embed: From code and language to `(d,)` float32, or None.
    """
    programs: dict[str, Vector | None] = {}
    judged: dict[StepPlace, Vector | None] = {}
    language = ""
    ids = await _rows(store, select(ProgramRow.id).where(ProgramRow.evolution == evolution))
    for first in range(0, len(ids), BATCH):
        some = [row.id for row in ids[first : first + BATCH]]
        columns = select(ProgramRow.id, ProgramRow.code, ProgramRow.language)
        for program, code, language in await _rows(store, columns.where(ProgramRow.id.in_(some))):
            programs[program] = await embed(code, language)
    steps = {tuple(place): payload for *place, payload in await _rows(store, _open_steps(evolution))}
    for step, generation, attempt, turn in steps:
        if step == GenerationState.JUDGED:
            patched = steps[GenerationState.PATCHED.value, generation, attempt, turn]
            judged[generation, attempt, turn] = await embed(patched["candidate"]["code"], language)
    return Embeddings(programs, judged)


async def seed_embedding(store: Store, evolution: str) -> tuple[str, str, Vector] | None:
    """Code, language and stored embedding of the seed program; None while it has none."""
    columns = select(ProgramRow.code, ProgramRow.language, ProgramRow.embedding)
    rows = await _rows(store, columns.where(ProgramRow.evolution == evolution, ProgramRow.generation == SEED))
    stored = vector_of(rows[0].embedding) if rows else None
    return None if stored is None else (rows[0].code, rows[0].language, stored)


async def _rows(store: Store, query: Any) -> list[Any]:
    async def read(connection: AsyncConnection) -> list[Any]:
        return list(await connection.execute(query))

    return await store.read(read)


async def store_embeddings(connection: AsyncConnection, evolution: str, embeddings: Embeddings) -> None:
    """Puts the embeddings in the place of those that are stored."""
    table = table_of(ProgramRow)
    if embeddings.programs:
        await connection.execute(
            update(table).where(table.c.id == bindparam("of")).values(embedding=bindparam("bytes")),
            [{"of": program, "bytes": _bytes(vector)} for program, vector in embeddings.programs.items()],
        )
    steps = table_of(StepRow)
    for (generation, attempt, turn), vector in embeddings.judged.items():
        where = (
            steps.c.evolution == evolution,
            steps.c.generation == generation,
            steps.c.step == GenerationState.JUDGED.value,
            steps.c.attempt == attempt,
            steps.c.turn == turn,
        )
        payload: dict[str, Any] = await connection.scalar(select(steps.c.payload).where(*where)) or {}
        data = _bytes(vector)
        text = None if data is None else base64.b64encode(data).decode()
        await connection.execute(update(steps).where(*where).values(payload={**payload, "embedding": text}))


def _open_steps(evolution: str) -> Any:
    return (
        select(StepRow.step, StepRow.generation, StepRow.attempt, StepRow.turn, StepRow.payload)
        .join(
            GenerationRow,
            (GenerationRow.evolution == StepRow.evolution) & (GenerationRow.number == StepRow.generation),
        )
        .where(
            StepRow.evolution == evolution,
            StepRow.step.in_([GenerationState.PATCHED.value, GenerationState.JUDGED.value]),
            GenerationRow.state.not_in(FINAL),
        )
    )


def _bytes(vector: Vector | None) -> bytes | None:
    return None if vector is None else vector.astype("<f4").tobytes()
