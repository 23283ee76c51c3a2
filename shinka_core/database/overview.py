"""What a run looks like from outside, by aggregates: its best programs, what it spent, and what went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.schema import GenerationRow, ModelCallRow, ProgramRow, ProgramTextRow
from shinka_core.database.unpriced import UNPRICED
from shinka_core.program import NO_REASON, GenerationState

# Rows of each list.
MOST = 20
# Characters of an example.
EXAMPLE = 1_000
# What programs that are not correct are counted as.
NOT_CORRECT = ("evaluate", "not_correct", "candidate")


@dataclass(frozen=True, slots=True)
class BestProgram:
    """One of the best programs.

    Attributes:
        operator: That made it; "" of a seed program.
        cost: US dollars of all model calls made for it; None where that of one of them is unknown.
    """

    id: str
    generation: int
    score: float
    name: str
    operator: str
    model: str
    island: int
    cost: float | None


@dataclass(frozen=True, slots=True)
class Spending:
    """What the calls of one model for one purpose came to.

    Attributes:
        failed: Calls without a usable answer.
        cost: US dollars, as far as they are known.
        estimated: What of it is estimated.
        unpriced: Calls whose cost is unknown; `cost` lacks them.
        seconds: Time in these calls, added up.
    """

    model: str
    purpose: str
    calls: int
    failed: int
    input_tokens: int
    output_tokens: int
    cost: float
    estimated: float
    seconds: float
    unpriced: int = 0


@dataclass(frozen=True, slots=True)
class FailureCount:
    """Generations that came to the same bad end.

    Attributes:
        blame: Whose fault it was; "": nobody's, or not known.
        last: The last generation of them.
        example: What was said of that one, its beginning.
    """

    step: str
    reason: str
    blame: str
    count: int
    last: int
    example: str


@dataclass(frozen=True, slots=True)
class Overview:
    """A run so far; each list is bounded, the most important rows first.

    Attributes:
        seed_score: Of generation 0; None while it has none.
        best: By score, of equals the one that was first.
        spending: By cost, then by calls.
        failures: By how many there are.
    """

    seed_score: float | None
    best: Sequence[BestProgram]
    spending: Sequence[Spending]
    failures: Sequence[FailureCount]


async def read_overview(connection: AsyncConnection, evolution: str) -> Overview:
    """Adds up the rows of one evolution."""
    seed = select(ProgramRow.score).where(ProgramRow.evolution == evolution, ProgramRow.generation == 0)
    return Overview(
        seed_score=(await connection.execute(seed)).scalar(),
        best=await _best(connection, evolution),
        spending=await _spending(connection, evolution),
        failures=await read_failures(connection, evolution),
    )


async def read_failures(connection: AsyncConnection, evolution: str) -> list[FailureCount]:
    """What went wrong, the most frequent first; programs that are not correct are one of the kinds."""
    failures = [*await _failures(connection, evolution), *await _not_correct(connection, evolution)]
    return sorted(failures, key=lambda failure: -failure.count)[:MOST]


async def _best(connection: AsyncConnection, evolution: str) -> list[BestProgram]:
    rows = await connection.execute(
        select(
            ProgramRow.id,
            ProgramRow.generation,
            ProgramRow.score,
            ProgramRow.name,
            func.coalesce(ProgramRow.patch_type, ""),
            ProgramRow.model,
            ProgramRow.island,
            ProgramRow.cost,
        )
        .where(
            ProgramRow.evolution == evolution,
            ProgramRow.generation >= 0,
            ProgramRow.correct,
            ProgramRow.score.is_not(None),
        )
        .order_by(ProgramRow.score.desc(), ProgramRow.sequence)
        .limit(MOST)
    )
    return [BestProgram(*row) for row in rows]


async def _spending(connection: AsyncConnection, evolution: str) -> list[Spending]:
    cost, calls = func.coalesce(func.sum(ModelCallRow.cost), 0.0), func.count()
    rows = await connection.execute(
        select(
            ModelCallRow.model,
            ModelCallRow.purpose,
            calls,
            func.count().filter(ModelCallRow.status == "failed"),
            func.coalesce(func.sum(ModelCallRow.input_tokens), 0),
            func.coalesce(func.sum(ModelCallRow.output_tokens), 0),
            cost,
            func.coalesce(func.sum(ModelCallRow.cost).filter(ModelCallRow.estimated), 0.0),
            func.coalesce(func.sum(ModelCallRow.seconds), 0.0),
            UNPRICED,
        )
        .where(ModelCallRow.evolution == evolution)
        .group_by(ModelCallRow.model, ModelCallRow.purpose)
        .order_by(cost.desc(), calls.desc(), ModelCallRow.model, ModelCallRow.purpose)
        .limit(MOST)
    )
    return [Spending(*row) for row in rows]


async def _failures(connection: AsyncConnection, evolution: str) -> list[FailureCount]:
    kind = (GenerationRow.failure_step, GenerationRow.failure_reason, GenerationRow.blame)
    counted = (
        select(*kind, func.count().label("count"), func.max(GenerationRow.number).label("last"))
        .where(GenerationRow.evolution == evolution, GenerationRow.state == GenerationState.FAILED.value)
        .group_by(*kind)
        .order_by(func.count().desc(), *kind)
        .limit(MOST)
        .subquery()
    )
    last = and_(GenerationRow.evolution == evolution, GenerationRow.number == counted.c.last)
    example = func.substr(GenerationRow.failure_detail, 1, EXAMPLE)
    rows = await connection.execute(select(*counted.c, example).join(GenerationRow, last))
    return [FailureCount(*row) for row in rows]


async def _not_correct(connection: AsyncConnection, evolution: str) -> list[FailureCount]:
    """Programs that the evaluator did not accept, in one row; they are no failures of their generations."""
    wrong: Any = (ProgramRow.evolution == evolution, ProgramRow.generation >= 0, ~ProgramRow.correct)
    count, last = (await connection.execute(select(func.count(), func.max(ProgramRow.generation)).where(*wrong))).one()
    if not count:
        return []
    example = (
        select(func.substr(ProgramTextRow.error, 1, EXAMPLE))
        .join(ProgramRow, ProgramRow.id == ProgramTextRow.program_id)
        .where(*wrong, ProgramRow.generation == last)
    )
    return [FailureCount(*NOT_CORRECT, count, last, (await connection.execute(example)).scalar() or NO_REASON)]
