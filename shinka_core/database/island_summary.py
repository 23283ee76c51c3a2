"""What became of each island: how much of the budget it had, and how far it came with that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.islands import OWN, REASON, RETIRED, read_islands
from shinka_core.database.pulls import read_pulls
from shinka_core.database.schema import GenerationRow, IslandMemberRow, ProgramRow
from shinka_core.program import GenerationState


@dataclass(frozen=True, slots=True)
class IslandSummary:
    """What one island came to.

    Attributes:
        origin: What it began with.
        reason: Why it was made; "" for those that the run began with.
        own: What it does in its own way, by field of the settings' `islands`.
        programs: That its proposals have made.
        failures: Proposals of it that came to nothing.
        share: Of all proposals of the run, in [0, 1].
        best_score: Of the correct programs that live there, those that came from elsewhere included.
        best_generation: That made the best of them, the first of equals.
        created_after: How many programs were recorded when it was made.
        retired_after: The same of its retirement; None while it lives.
        retired: Why that was; "" while it lives.
    """

    island: int
    origin: str
    reason: str = ""
    own: Mapping[str, Any] = field(default_factory=dict[str, Any])
    programs: int = 0
    failures: int = 0
    share: float = 0.0
    best_score: float | None = None
    best_generation: int | None = None
    created_after: int = 0
    retired_after: int | None = None
    retired: str = ""


async def summarise_islands(connection: AsyncConnection, evolution: str) -> list[IslandSummary]:
    """Adds up what the record says of every island, by number."""
    made, best = await _made(connection, evolution), await _best(connection, evolution)
    failures = await _failures(connection, evolution)
    proposals = made.total() + failures.total()
    return [
        IslandSummary(
            island=(number := record.island),
            origin=record.origin,
            reason=str(record.settings.get(REASON, "")),
            own=record.settings.get(OWN, {}),
            programs=made[number],
            failures=failures[number],
            share=(made[number] + failures[number]) / proposals if proposals else 0.0,
            best_score=best.get(number, (None, None))[0],
            best_generation=best.get(number, (None, None))[1],
            created_after=record.created_after,
            retired_after=record.retired_after,
            retired=str(record.settings.get(RETIRED, "")),
        )
        for record in await read_islands(connection, evolution)
    ]


async def _made(connection: AsyncConnection, evolution: str) -> Counter[int]:
    """Programs by the island whose proposals they are; the seed program is nobody's."""
    rows = await connection.execute(
        select(ProgramRow.island, func.count())
        .where(ProgramRow.evolution == evolution, ProgramRow.generation > 0)
        .group_by(ProgramRow.island)
    )
    return Counter({int(island): int(count) for island, count in rows})


async def _failures(connection: AsyncConnection, evolution: str) -> Counter[int]:
    """Proposals of generations that have ended and made no program, by island."""
    rows = await connection.execute(
        select(GenerationRow.number, GenerationRow.state).where(
            GenerationRow.evolution == evolution,
            GenerationRow.state.in_([GenerationState.RECORDED.value, GenerationState.FAILED.value]),
        )
    )
    ended = {number: state == GenerationState.RECORDED for number, state in rows}
    failed = Counter[int]()
    for number, pulls in (await read_pulls(connection, evolution)).items():
        if number in ended:
            failed.update(pull.island for pull in (pulls[:-1] if ended[number] else pulls))
    return failed


async def _best(connection: AsyncConnection, evolution: str) -> dict[int, tuple[float, int]]:
    """Score and generation of the best correct program on each island."""
    place = func.row_number().over(
        partition_by=IslandMemberRow.island, order_by=(ProgramRow.score.desc(), ProgramRow.sequence)
    )
    ranked = (
        select(IslandMemberRow.island, ProgramRow.score, ProgramRow.generation, place.label("place"))
        .join(ProgramRow, ProgramRow.id == IslandMemberRow.program_id)
        .where(
            IslandMemberRow.evolution == evolution,
            ProgramRow.generation >= 0,  # a seed program that was replaced is none of them
            ProgramRow.correct,
            ProgramRow.score.is_not(None),
        )
        .subquery()
    )
    rows = await connection.execute(
        select(ranked.c.island, ranked.c.score, ranked.c.generation).where(ranked.c.place == 1)
    )
    return {int(island): (float(score), int(generation)) for island, score, generation in rows}
