"""The composition root: everything one evolution works with, opened together and closed together."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from shinka_core.budget import Budget
from shinka_core.config import DatabaseConfig, EvolutionConfig, LocalJobConfig
from shinka_core.database import AsyncProgramDatabase, address_of
from shinka_core.embed import embedder
from shinka_core.errors import ConfigError, RunStoppedError
from shinka_core.launch import Launcher, LocalLauncher, check_job
from shinka_core.llm import AsyncLLMClient
from shinka_core.llm.endpoint import check_models
from shinka_core.naming import RUN_FILE
from shinka_core.novelty import AsyncNoveltyJudge
from shinka_core.operators import builtin_operators
from shinka_core.outcome import Outcome
from shinka_core.pacing import Pacing
from shinka_core.private import private_places
from shinka_core.progress import Progress
from shinka_core.secrets import refuse_stored_secrets
from shinka_core.seed_program import SeedProgram, read_seed_program
from shinka_core.sizes import SizeLimit, contexts_of
from shinka_core.slots import Slots

# Seconds between two looks at whether the run is being stopped.
LOOK_AGAIN = 0.02


@dataclass(frozen=True, slots=True)
class RunSettings:
    """Everything that defines one run, before anything is opened.

    Attributes:
        evolution: Name of the run; unique in its database.
        results_dir: Absolute folder for programs, evaluations and the default database.
    """

    evolution: str
    results_dir: Path
    evolve: EvolutionConfig
    job: LocalJobConfig
    database: DatabaseConfig
    proposal_jobs: int
    evaluation_jobs: int


class Run:
    """The open parts of one evolution.

    A plain class on purpose: what walks over task arguments looks into dataclasses and
    containers, but not into this.

    Attributes:
        stop_reason: Why no further generation is to start; "" while the run goes on.
        outage: Whether it stops because what it stands on failed.
        last_error: Why the last generation ended without a program.
        contexts: What the models read, as far as is known.
        size_limit: Of every program.
        interrupted: Whether it ends because somebody asks for it; evaluations may have been asked as well.
        ends: How generations ended that nobody has asked about yet. Only what is in here has ended:
            a flow run that is over says nothing about its generation.
    """

    def __init__(
        self,
        settings: RunSettings,
        seed_program: SeedProgram,
        database: AsyncProgramDatabase,
        client: AsyncLLMClient,
        budget: Budget,
        judge: AsyncNoveltyJudge | None,
        launcher: Launcher,
    ) -> None:
        self.settings = settings
        self.seed_program = seed_program
        self.database = database
        self.client = client
        self.budget = budget
        self.stop_reason = ""
        self.outage = False
        self.last_error = ""
        self.interrupted = False
        self.ends: dict[int, Outcome] = {}
        self.judge = judge
        self.launcher = launcher
        self.contexts = contexts_of(settings.evolve)
        self.size_limit = SizeLimit(settings.evolve, seed_program.language)
        self.proposals = Slots("proposals", settings.proposal_jobs)
        self.evaluations = Slots("evaluations", settings.evaluation_jobs)
        self.pacing = Pacing(settings.proposal_jobs, settings.evaluation_jobs, settings.evolve.max_oversubscription)
        self.progress = Progress(total=settings.evolve.num_generations)

    @property
    def evolution(self) -> str:
        """Name of the run."""
        return self.settings.evolution

    def pace(self) -> None:
        """Adjusts the proposal slots to what the evaluation slots can take."""
        self.proposals.resize(self.pacing.target(self.evaluations.waiting))

    def check_going(self) -> None:
        """Asked before anything that costs begins.

        Raises:
            RunStoppedError: The run is being stopped.
        """
        if self.stop_reason:
            raise RunStoppedError(self.stop_reason)

    async def check_going_for(self, seconds: float) -> None:
        """Looks again and again, so long, whether the run is being stopped.

        Raises:
            RunStoppedError: It is.
        """
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.check_going()
            await asyncio.sleep(LOOK_AGAIN)
        self.check_going()

    async def check_uninterrupted_for(self, seconds: float) -> None:
        """The same, but a run that stops by itself, as when its money is spent, is nothing to evaluations.

        Raises:
            RunStoppedError: Somebody stops the run.
        """
        until = time.monotonic() + seconds
        while True:
            if self.interrupted:
                raise RunStoppedError(self.stop_reason or "interrupted")
            if time.monotonic() >= until:
                return
            await asyncio.sleep(LOOK_AGAIN)

    async def take_up(self, finished: int) -> None:
        """Lets the progress go on from what the evolution had come to before this process.

        Args:
            finished: Generations that are final, the seed program not counted.
        """
        summary, progress = await self.database.summary(), self.progress
        progress.resumed = finished
        progress.best_score, progress.best_generation = summary.best_score, summary.best_generation
        progress.seed_score, progress.correct = summary.seed_score, summary.correct
        progress.seed_error = summary.seed_error
        progress.failures.update(summary.failures)

    def generation_dir(self, number: int) -> Path:
        """The folder of one generation: its program and its results."""
        return self.settings.results_dir / f"gen_{number}"


def check_settings(settings: RunSettings) -> SeedProgram:
    """Everything that can be found wrong before anything is opened or spent.

    Raises:
        ConfigError: Naming the field, its value and the remedy.
    """
    if settings.proposal_jobs < 1:
        raise ConfigError(f"max_proposal_jobs={settings.proposal_jobs} must be at least 1")
    if settings.evaluation_jobs < 1:
        raise ConfigError(f"max_evaluation_jobs={settings.evaluation_jobs} must be at least 1")
    evaluator = Path(settings.job.eval_program_path)
    if not evaluator.is_file():
        raise ConfigError(
            f"eval_program_path={str(evaluator)!r} is not a file (working directory {Path.cwd()}); "
            "name the evaluator script, or run inside the task's folder"
        )
    check_job(settings.job)
    address_of(settings.database.db_path, settings.results_dir)
    refuse_stored_secrets(urls={"db_path": settings.database.db_path}, options={"job.env": settings.job.env})
    check_models(settings.evolve)
    seed_program = read_seed_program(settings.evolve)
    limit = SizeLimit(settings.evolve, seed_program.language)
    limit.check_seed(settings.evolve.init_program_path, seed_program.code)
    return seed_program


@asynccontextmanager
async def open_run(settings: RunSettings, *, resume: bool) -> AsyncGenerator[Run, None]:
    """Opens the database, the model client, the novelty judge and the launcher of one evolution.

    Args:
        resume: Continue the evolution of that name when the database has it; otherwise such an
            evolution is an error.

    Raises:
        ConfigError: A setting is wrong.
        EvolutionExistsError: The name is taken, or another process runs it.
        DatabaseError: The database cannot be opened.
    """
    seed_program = await asyncio.to_thread(check_settings, settings)
    evolve = settings.evolve
    settings.results_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(AsyncProgramDatabase(settings.database, settings.results_dir))
        budget = Budget(evolve.max_api_costs)
        client = AsyncLLMClient.from_config(evolve, ledger=database.calls, providers=builtin_operators(), budget=budget)
        stack.push_async_callback(client.close)
        if resume and await database.exists(settings.evolution):
            await database.resume(settings.evolution)
        else:
            await database.begin(settings.evolution, seed=evolve.seed, settings=evolve.model_dump(mode="json"))
        budget.spent = (await database.summary()).cost
        _mark(settings)
        address = address_of(settings.database.db_path, settings.results_dir)
        launcher = LocalLauncher(settings.job, hidden=private_places(settings.results_dir, address))
        stack.push_async_callback(launcher.close)
        yield Run(settings, seed_program, database, client, budget, _judge(evolve, client), launcher)


def _mark(settings: RunSettings) -> None:
    """Says in the results folder whose it is, so that it can be resumed by folder alone."""
    text = json.dumps({"name": settings.evolution})  # JSON is YAML
    (settings.results_dir / RUN_FILE).write_text(text + "\n", encoding="utf-8")


def _judge(config: EvolutionConfig, client: AsyncLLMClient) -> AsyncNoveltyJudge | None:
    embedding = embedder(config.embedding_model, config=config, account=client.account)
    if embedding is None:
        return None
    return AsyncNoveltyJudge(
        embedding,
        threshold=config.code_embed_sim_threshold,
        client=client if config.novelty_llm_models else None,
        models=config.novelty_llm_models,
    )
