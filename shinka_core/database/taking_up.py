"""What changes in a database when an evolution is taken up under other settings than before."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shinka_core.database.journal import FINAL
from shinka_core.database.rows import vector_of
from shinka_core.database.schema import GenerationRow, IslandMemberRow, ProgramRow, StepRow, table_of
from shinka_core.program import GenerationState

Vector = NDArray[np.float32]
StepPlace = tuple[int, int, int]

SEED = 0
BATCH = 100
# Cosine of two embeddings of one text by one model, which rounds a little differently each time.
SAME = 0.9999


@dataclass(frozen=True, slots=True)
class Embeddings:
    """Every program's embedding, made anew.

    Attributes:
        programs: By id.
        judged: By generation, attempt and turn: of candidates that are judged and not recorded yet.
    """

    programs: Mapping[str, Vector]
    judged: Mapping[StepPlace, Vector]


@dataclass(frozen=True, slots=True)
class TakeUp:
    """How an evolution is taken up.

    Attributes:
        settings: To be kept with the session.
        seed: Of the random choices.
        changed: Seed program or evaluator is another one than before.
        embeddings: Replace those that are stored.
    """

    settings: dict[str, Any] = field(default_factory=dict[str, Any])
    seed: int | None = None
    changed: bool = False
    embeddings: Embeddings | None = None


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


async def embed_anew(
    engine: AsyncEngine, evolution: str, embed: Callable[[str, str], Awaitable[Vector]]
) -> Embeddings | None:
    """Embeds every program, and every candidate that is judged and not recorded yet; writes nothing.

    Args:
        embed: From code and language to `(d,)` float32.

    Returns:
        None when the seed program's embedding comes out as it is stored: then it is the same one under another name.
    """
    programs: dict[str, Vector] = {}
    judged: dict[StepPlace, Vector] = {}
    async with engine.connect() as connection:
        if await _is_the_same(connection, evolution, embed):
            return None
        ids = [
            program
            for (program,) in await connection.execute(select(ProgramRow.id).where(ProgramRow.evolution == evolution))
        ]
        language = ""
        for first in range(0, len(ids), BATCH):
            rows = await connection.execute(
                select(ProgramRow.id, ProgramRow.code, ProgramRow.language).where(
                    ProgramRow.id.in_(ids[first : first + BATCH])
                )
            )
            for program, code, language in rows.all():
                programs[program] = await embed(code, language)
        steps = await connection.execute(_open_steps(evolution))
        payloads = {
            (step, generation, attempt, turn): payload for step, generation, attempt, turn, payload in steps.all()
        }
    for (step, *place), _ in payloads.items():
        if step == GenerationState.JUDGED:
            patched = payloads[(GenerationState.PATCHED.value, *place)]
            judged[tuple(place)] = await embed(patched["candidate"]["code"], language)
    return Embeddings(programs, judged)


async def _is_the_same(
    connection: AsyncConnection, evolution: str, embed: Callable[[str, str], Awaitable[Vector]]
) -> bool:
    row = (
        await connection.execute(
            select(ProgramRow.code, ProgramRow.language, ProgramRow.embedding).where(
                ProgramRow.evolution == evolution, ProgramRow.generation == SEED
            )
        )
    ).first()
    stored = None if row is None else vector_of(row.embedding)
    if row is None or stored is None:
        return False
    vector = await embed(row.code, row.language)
    return vector.shape == stored.shape and float(vector @ stored) > SAME


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
        text = base64.b64encode(_bytes(vector)).decode()
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


def _bytes(vector: Vector) -> bytes:
    return vector.astype("<f4").tobytes()
