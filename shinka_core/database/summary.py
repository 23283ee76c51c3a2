"""What a run comes to, by aggregates."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.handed_out import IdeaSummary, summarise_ideas
from shinka_core.database.island_summary import IslandSummary, summarise_islands
from shinka_core.database.overview import read_failures
from shinka_core.database.schema import GenerationRow, ModelCallRow, ProgramRow, ProgramTextRow
from shinka_core.database.unpriced import UNPRICED
from shinka_core.program import NO_REASON, GenerationState


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """What one model did.

    Attributes:
        failed_calls: Calls without a usable answer.
        seconds: Time in its calls, added up.
        cached_tokens: Those of the input that the provider had read before.
        unpriced: Calls whose cost nobody knows; `cost` lacks them.
    """

    calls: int
    failed_calls: int
    input_tokens: int
    output_tokens: int
    cost: float
    seconds: float
    cached_tokens: int = 0
    unpriced: int = 0

    @property
    def cached_share(self) -> float:
        """What part of its input the provider had read before, in [0, 1]."""
        return min(self.cached_tokens / self.input_tokens, 1.0) if self.input_tokens else 0.0


@dataclass(frozen=True, slots=True)
class SeedSummary:
    """One of several programs that an evolution began with.

    Attributes:
        kind: Who gave it: the user (`initial`), an earlier run (`warm_start`) or a model (`bootstrap`).
        origin: Its path, or the generation of which run, or the model.
        islands: On which it has lived from the start.
        error: Why there is none, or why it is not correct; "" when it is.
    """

    generation: int
    kind: str
    origin: str
    score: float | None = None
    correct: bool = False
    islands: tuple[int, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class RunSummary:
    """The outcome of an evolution so far.

    Attributes:
        seed_error: Why the evaluator does not take the seed program for correct, in its words; "" when it does.
        failures: Generations that ended without a program, by `step: reason`.
        cost: US dollars of all calls, failed ones and embeddings too, as far as prices are known (`unpriced`).
        estimated_cost: What of it is estimated, because a provider counted no tokens.
        costs: US dollars by what the calls were for.
        made: Correct programs besides those that were given.
        islands: By number; empty where the database could not be read.
        ideas: What was written where the best stood still, and what came of each.
        reached: What ended the run before its last generation as its settings say, in words; "" when nothing did.
        last_words: What was said last of each kind of failure (`step: reason`), the most frequent first; programs that are
            not correct are `evaluate: not_correct`.
        last_error: Why the last generation ended without a program in this process, in the words of whoever failed.
        evaluation_seconds: Time in evaluations, added up.
        seeds: What it began with, where that is not one given program alone.
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
    made: int = 0
    estimated_cost: float = 0.0
    costs: dict[str, float] = field(default_factory=dict[str, float])
    last_error: str = ""
    last_words: dict[str, str] = field(default_factory=dict[str, str])
    ideas: tuple[IdeaSummary, ...] = ()
    reached: str = ""
    islands: list[IslandSummary] = field(default_factory=list[IslandSummary])
    seeds: tuple[SeedSummary, ...] = ()

    @property
    def unpriced(self) -> dict[str, int]:
        """Calls whose cost is unknown, by model."""
        return {name: model.unpriced for name, model in self.models.items() if model.unpriced}

    @property
    def nothing_made(self) -> str:
        """Why the run came to nothing, in a sentence; "" when it made a correct program, or no generation has ended."""
        if self.made or self.generations < 2:
            return ""
        failures = ", ".join(f"{reason} × {count}" for reason, count in sorted(self.failures.items()))
        incorrect = self.programs - self.correct
        parts = [f"failed: {failures}" if failures else "", f"{incorrect} not correct" if incorrect else ""]
        words = self.last_error or next(iter(self.last_words.values()), "")
        last = f"; last: {words}" if words else ""
        return f"no generation made a correct program ({'; '.join(filter(None, parts))}){last}"


async def summarise(connection: AsyncConnection, evolution: str) -> RunSummary:
    """Adds up the rows of one evolution."""
    programs, correct, made, seconds = (
        await connection.execute(
            select(
                func.count(),
                func.count().filter(ProgramRow.correct),
                func.count().filter(
                    ProgramRow.correct,
                    ProgramRow.generation > 0,
                    func.coalesce(ProgramRow.patch_type, "").not_in(["initial", "warm_start"]),
                ),
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
            select(ProgramRow.score, ProgramRow.correct, ProgramTextRow.error)
            .join(ProgramTextRow, ProgramTextRow.program_id == ProgramRow.id)
            .where(ProgramRow.evolution == evolution, ProgramRow.generation == 0)
        )
    ).first()
    failures = await connection.execute(
        select(GenerationRow.failure_step, GenerationRow.failure_reason, func.count())
        .where(GenerationRow.evolution == evolution, GenerationRow.state == GenerationState.FAILED.value)
        .group_by(GenerationRow.failure_step, GenerationRow.failure_reason)
    )
    counted = {f"{step}: {reason}": count for step, reason, count in failures}
    models, costs = await _models(connection, evolution), await _costs(connection, evolution)
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
        made=made,
        estimated_cost=sum(guessed for _, guessed in costs.values()),
        costs={purpose: cost for purpose, (cost, _) in costs.items()},
        islands=await summarise_islands(connection, evolution),
        last_words={f"{each.step}: {each.reason}": each.example for each in await read_failures(connection, evolution)},
        ideas=tuple(await summarise_ideas(connection, evolution)),
    )


async def _models(connection: AsyncConnection, evolution: str) -> dict[str, ModelSummary]:
    calls = await connection.execute(
        select(
            ModelCallRow.model,
            func.count(),
            func.count().filter(ModelCallRow.status == "failed"),
            func.coalesce(func.sum(ModelCallRow.input_tokens), 0),
            func.coalesce(func.sum(ModelCallRow.output_tokens), 0),
            func.coalesce(func.sum(ModelCallRow.cost), 0.0),
            func.coalesce(func.sum(ModelCallRow.seconds), 0.0),
            func.coalesce(func.sum(ModelCallRow.cached_tokens), 0),
            UNPRICED,
        )
        .where(ModelCallRow.evolution == evolution)
        .group_by(ModelCallRow.model)
    )
    return {str(row[0]): ModelSummary(*row[1:]) for row in calls}


async def _costs(connection: AsyncConnection, evolution: str) -> dict[str, tuple[float, float]]:
    """US dollars by purpose, and how much of them is estimated."""
    costs = await connection.execute(
        select(
            ModelCallRow.purpose,
            func.coalesce(func.sum(ModelCallRow.cost), 0.0),
            func.coalesce(func.sum(ModelCallRow.cost).filter(ModelCallRow.estimated), 0.0),
        )
        .where(ModelCallRow.evolution == evolution)
        .group_by(ModelCallRow.purpose)
    )
    return {str(purpose): (float(cost), float(guessed)) for purpose, cost, guessed in costs}
