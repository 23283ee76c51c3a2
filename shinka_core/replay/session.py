"""One session of the earlier run, opened again in a database of the replay's own."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shinka_core.bandit import Arms, bandit_of
from shinka_core.binding import expect_again
from shinka_core.budget import Budget
from shinka_core.config import DatabaseConfig, EvolutionConfig
from shinka_core.config.job import job_of
from shinka_core.database import AsyncProgramDatabase, TakeUp
from shinka_core.naming import Place
from shinka_core.progress import Progress
from shinka_core.record import Event, Fold, Joined, Retired, Spawned
from shinka_core.replay.earlier import EarlierRun
from shinka_core.replay.stand_ins import NoEvaluations, RecordedEmbedding, RecordedModels, judge_of
from shinka_core.run import Run
from shinka_core.seed_program import SeedProgram
from shinka_core.settings import RunSettings
from shinka_core.trials import TrialCount
from shinka_core.tuning import Tuning
from shinka_core.whereabouts import write_mark


class Changes:
    """A fold that keeps what becomes of islands, by the number of programs that were recorded by then."""

    def __init__(self) -> None:
        self.after: dict[int, list[Joined | Spawned | Retired]] = {}

    def apply(self, event: Event) -> None:
        """Takes an event up."""
        if isinstance(event, Joined | Spawned | Retired):
            self.after.setdefault(event.after, []).append(event)


@dataclass(frozen=True, slots=True)
class Session:
    """A run that is open for a replay.

    Attributes:
        models: None of which is asked.
        embedding: What its judge stands on, where that is not built in.
    """

    run: Run
    models: RecordedModels
    embedding: RecordedEmbedding | None


@asynccontextmanager
async def session(
    earlier: EarlierRun, number: int, folder: Path, seed_program: SeedProgram, changes: Changes
) -> AsyncGenerator[Session, None]:
    """Begins the evolution in the replay's database, or resumes it there as that session did.

    Args:
        changes: Told of what becomes of islands.
    """
    settings = settings_of(earlier.name, earlier.sessions[number], folder)
    evolve = settings.evolve
    database = AsyncProgramDatabase(settings.database, folder)
    models = RecordedModels(evolve, earlier.course)
    judge, embedding = judge_of(evolve, models)
    progress, arms, trials = Progress(total=evolve.num_generations), Arms(bandit_of(evolve)), TrialCount()
    tuning = None if evolve.tuning is None else Tuning(evolve.tuning)
    folds: list[Fold] = [progress, arms, trials, *([tuning] if tuning else [])]
    async with database:
        kept = earlier.sessions[number]
        if number == min(earlier.sessions):
            await database.begin(earlier.name, seed=evolve.seed, settings=kept)
            write_mark(Place(earlier.name, folder), settings.database)
        else:
            await database.resume(earlier.name, TakeUp(kept, evolve.seed, generations=evolve.num_generations), *folds)
        database.folds.add(*folds, changes)
        expect_again(database, arms, trials, tuning=tuning)
        launcher, budget = NoEvaluations(), Budget(None)
        run = Run(
            settings, seed_program, database, models, budget, judge, launcher, progress, arms, trials, tuning=tuning
        )
        yield Session(run, models, embedding)
        await database.finish("stopped")


def settings_of(name: str, kept: dict[str, Any], folder: Path) -> RunSettings:
    """The settings that a session kept, in the replay's folder.

    Raises:
        ConfigError: A part that they name is not there.
        pydantic.ValidationError: They are no settings any more.
    """
    return RunSettings(
        name,
        folder,
        EvolutionConfig(**(kept["evolution"] | {"results_dir": str(folder)})),
        job_of(kept["job"]),
        DatabaseConfig(**(kept["database"] | {"db_path": DatabaseConfig().db_path})),
        kept.get("max_proposal_jobs"),
        kept.get("max_evaluation_jobs"),
    )
