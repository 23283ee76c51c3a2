"""What a run comes to, by aggregates."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.schema import GenerationRow, ModelCallRow, ProgramRow
from shinka_core.program import NO_REASON, GenerationState


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """What one model did.

    Attributes:
        failed_calls: Calls without a usable answer.
        seconds: Time in its calls, added up.
    """

    calls: int
    failed_calls: int
    input_tokens: int
    output_tokens: int
    cost: float
    seconds: float


@dataclass(frozen=True, slots=True)
class RunSummary:
    """The outcome of an evolution so far.

    Attributes:
        seed_error: Why the evaluator does not take the seed program for correct, in its words; "" when it does.
        failures: Generations that ended without a program, by `step: reason`.
        evaluation_seconds: Time in evaluations, added up.
    """

    evolution: str
    programs: int
    correct: int
    best_score: float | None
    best_generation: int | None
    seed_score: float | None
    failures: dict[str, int]
    models: dict[str, ModelSummary]
    evaluation_seconds: float
    cost: float = 0.0
    results_dir: str = ""
    seconds: float = 0.0
    stopped_early: str = ""
    generations: int = 0
    seed_error: str = ""


async def summarise(connection: AsyncConnection, evolution: str) -> RunSummary:
    """Adds up the rows of one evolution."""
    programs, correct, seconds = (
        await connection.execute(
            select(
                func.count(),
                func.count().filter(ProgramRow.correct),
                func.coalesce(func.sum(ProgramRow.evaluation_seconds), 0.0),
            ).where(ProgramRow.evolution == evolution, ProgramRow.generation >= 0)
        )
    ).one()
    best = (
        await connection.execute(
            select(ProgramRow.score, ProgramRow.generation)
            .where(ProgramRow.evolution == evolution, ProgramRow.correct, ProgramRow.score.is_not(None))
            .order_by(ProgramRow.score.desc(), ProgramRow.sequence)
            .limit(1)
        )
    ).first()
    seed = (
        await connection.execute(
            select(ProgramRow.score, ProgramRow.correct, ProgramRow.error).where(
                ProgramRow.evolution == evolution, ProgramRow.generation == 0
            )
        )
    ).first()
    failures = await connection.execute(
        select(GenerationRow.failure_step, GenerationRow.failure_reason, func.count())
        .where(GenerationRow.evolution == evolution, GenerationRow.state == GenerationState.FAILED.value)
        .group_by(GenerationRow.failure_step, GenerationRow.failure_reason)
    )
    counted = {f"{step}: {reason}": count for step, reason, count in failures}
    calls = await connection.execute(
        select(
            ModelCallRow.model,
            func.count(),
            func.count().filter(ModelCallRow.status == "failed"),
            func.coalesce(func.sum(ModelCallRow.input_tokens), 0),
            func.coalesce(func.sum(ModelCallRow.output_tokens), 0),
            func.coalesce(func.sum(ModelCallRow.cost), 0.0),
            func.coalesce(func.sum(ModelCallRow.seconds), 0.0),
        )
        .where(ModelCallRow.evolution == evolution)
        .group_by(ModelCallRow.model)
    )
    models = {str(row[0]): ModelSummary(*row[1:]) for row in calls}
    return RunSummary(
        evolution=evolution,
        programs=programs,
        correct=correct,
        best_score=best[0] if best else None,
        best_generation=best[1] if best else None,
        seed_score=seed[0] if seed else None,
        seed_error="" if seed is None or seed[1] else seed[2] or NO_REASON,
        failures=counted,
        models=models,
        evaluation_seconds=float(seconds),
        cost=sum(model.cost for model in models.values()),
        generations=programs + sum(counted.values()),
    )
