"""The composition root: everything one evolution works with, opened together and closed together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Literal

from shinka_core import reembedding
from shinka_core.bandit import Arms, bandit_of
from shinka_core.budget import Budget
from shinka_core.config import EvolutionConfig
from shinka_core.control import RunControl
from shinka_core.database import AsyncProgramDatabase, KnownRun, TakeUp, address_of, look_up
from shinka_core.embed import embedder
from shinka_core.errors import ConfigError, EvolutionExistsError
from shinka_core.launch import Launcher, launcher_of
from shinka_core.llm import AsyncLLMClient
from shinka_core.naming import Place, traces
from shinka_core.novelty import AsyncNoveltyJudge
from shinka_core.opening import Opening, prepare
from shinka_core.operators import Operators, builtin_operators
from shinka_core.outcome import Outcome
from shinka_core.pacing import Pacing
from shinka_core.periodic import Named, periodics_of
from shinka_core.private import private_places
from shinka_core.program_size import SizeLimit, contexts_of
from shinka_core.progress import Progress
from shinka_core.prompts import prompt_builder_of
from shinka_core.record import Fold
from shinka_core.reviewers import Reviewer, reviewer_of
from shinka_core.seed_program import SeedProgram
from shinka_core.settings import Resume, RunSettings
from shinka_core.slots import Slots
from shinka_core.whereabouts import write_mark

logger = logging.getLogger("shinka.run")


class Run:
    """The open parts of one evolution.

    A plain class on purpose: what walks over task arguments looks into dataclasses and
    containers, but not into this.

    Attributes:
        control: Whether it goes on.
        last_error: Why the last generation ended without a program.
        contexts: What the models read, as far as is known.
        size_limit: Of every program.
        ends: How generations ended that nobody has asked about yet. Only what is in here has ended:
            a flow run that is over says nothing about its generation.
        reviewer: Who looks at candidates before they are run, if anybody does.
        periodics: What is done now and then beside the generations.
        seconds_before: Of the processes that had this evolution open before.
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
        progress: Progress,
        arms: Arms,
        reviewer: Reviewer | None = None,
        periodics: Sequence[Named] = (),
    ) -> None:
        self.settings = settings
        self.seed_program = seed_program
        self.database = database
        self.client = client
        self.budget = budget
        self.control = RunControl()
        self.seconds_before = 0.0
        self.last_error = ""
        self.ends: dict[int, Outcome] = {}
        self.judge = judge
        self.launcher = launcher
        self.operators = Operators(settings.evolve.patch_types)
        self.arms = arms
        self.prompt_builder = prompt_builder_of(settings.evolve.prompt_builder)
        self.contexts = contexts_of(settings.evolve)
        self.size_limit = SizeLimit(settings.evolve, seed_program.language, folder=not seed_program.source.single)
        self.proposals = Slots("proposals", settings.proposal_jobs, gate=self.control)
        self.evaluations = Slots("evaluations", settings.evaluation_jobs)
        self._of_stages = {
            stage.name: Slots(stage.name, stage.slots) for stage in settings.job.stages if stage.slots is not None
        }
        self.pacing = Pacing(settings.proposal_jobs, settings.evaluation_jobs, settings.evolve.max_oversubscription)
        self.progress = progress
        self.reviewer = reviewer
        self.periodics = tuple(periodics)

    @property
    def evolution(self) -> str:
        """Name of the run."""
        return self.settings.evolution

    def models_for(self, operator: str) -> dict[str, float]:
        """The models that an operator may ask now, with their weights; none for one that asks none."""
        if not self.operators.asking(operator):
            return {}
        return self.client.weighted(self.settings.evolve.llm_roles.get(operator))

    def slots_of(self, stage: str) -> Slots:
        """Slots for evaluations in a stage: its own, or those that all others share."""
        return self._of_stages.get(stage, self.evaluations)

    @property
    def stage_slots(self) -> list[Slots]:
        """Slots of the stages that have their own, in the order of the stages."""
        return list(self._of_stages.values())

    @property
    def evaluations_shared(self) -> bool:
        """Whether any evaluation needs one of the slots that are nobody's own."""
        stages = self.settings.job.stages
        return not stages or any(stage.slots is None for stage in stages)

    def pace(self) -> None:
        """Adjusts the proposal slots to what the evaluation slots can take."""
        self.proposals.resize(self.pacing.target(self.evaluations.waiting))

    def generation_dir(self, number: int) -> Path:
        """The folder of one generation: its program and its results."""
        return self.settings.results_dir / f"gen_{number}"


@asynccontextmanager
async def open_run(
    settings: RunSettings, *, resume: bool | Literal["auto"] | Resume = False
) -> AsyncGenerator[Run, None]:
    """Opens the database, the model client, the novelty judge and the launcher of one evolution.

    Nothing is written before all of them are made.

    Args:
        settings: Of a run that is continued, what counts are the fields that were set.
        resume: Continue the evolution of that name: True if it must be there, "auto" if it is there.
            Otherwise such an evolution is an error, unless nothing has come of it yet.

    Raises:
        ConfigError: A setting is wrong, or cannot be changed.
        EvolutionExistsError: The name is taken, or another process runs it.
        DatabaseError: The database cannot be opened.
    """
    how = resume if isinstance(resume, Resume) else Resume.of(resume)
    known = await look_up(settings.database, settings.results_dir, settings.evolution)
    _check_there(settings, known, how)
    opening = await asyncio.to_thread(prepare, settings, known, how)
    settings, evolve = opening.settings, opening.settings.evolve
    reviewer, periodics = reviewer_of(evolve.reviewer), periodics_of(evolve.periodic)
    async with AsyncExitStack() as stack:
        database = AsyncProgramDatabase(settings.database, settings.results_dir)
        budget = Budget(evolve.max_api_costs)
        progress = Progress(total=evolve.num_generations)
        arms = Arms(bandit_of(evolve))
        client = AsyncLLMClient.from_config(evolve, ledger=database.calls, providers=builtin_operators(), budget=budget)
        stack.push_async_callback(client.close)
        address = address_of(settings.database.db_path, settings.results_dir)
        hidden = private_places(settings.results_dir, address)
        launcher = await asyncio.to_thread(launcher_of, settings.job, hidden)  # it may load an evaluator
        stack.push_async_callback(launcher.close)
        judge = await asyncio.to_thread(_judge, evolve, client)  # a model on this machine is loaded, for seconds
        if judge is not None:
            stack.push_async_callback(judge.close)
        settings.results_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        await stack.enter_async_context(database)
        if known is None:
            keep = opening.keep | reembedding.kept(judge)
            await database.begin(settings.evolution, seed=evolve.seed, settings=keep)
        else:
            await _take_up(database, opening, known, judge, (budget, progress, arms))
            progress.take_up()
            if judge is not None:
                judge.expect(database.embedding_width)
        write_mark(Place(settings.evolution, settings.results_dir), settings.database)
        database.folds.add(progress)
        database.folds.add(arms)
        run = Run(
            settings,
            opening.seed_program,
            database,
            client,
            budget,
            judge,
            launcher,
            progress,
            arms,
            reviewer,
            periodics,
        )
        run.seconds_before = await database.seconds_before()
        yield run


def _check_there(settings: RunSettings, known: KnownRun | None, how: Resume) -> None:
    """Nothing begins where a run is, and nothing is continued where none is."""
    if known is not None:
        return
    if how is Resume.YES:
        raise ConfigError(
            f"there is no run {settings.evolution!r} to resume in {str(settings.results_dir)!r} or its database; "
            "correct name (--name), results_dir (--results) or db_path (--database), or start it without resume"
        )
    if found := traces(settings.results_dir, settings.database):
        raise EvolutionExistsError(
            f"results folder {str(settings.results_dir)!r} holds another run ({', '.join(found)}) than "
            f"{settings.evolution!r}; name another folder (--results)"
        )


async def _take_up(
    database: AsyncProgramDatabase,
    opening: Opening,
    known: KnownRun,
    judge: AsyncNoveltyJudge | None,
    folds: tuple[Fold, ...],
) -> None:
    settings = opening.settings
    for change in opening.changes:
        logger.info("changed for this run: %s", change)
    for sentence in opening.accepted:
        logger.warning("%s", sentence)
    embeddings = None
    if judge is not None:
        embeddings = await reembedding.embeddings_anew(database, settings.evolution, known.settings, judge)
    keep = opening.keep | reembedding.kept(judge)
    how = TakeUp(keep, settings.evolve.seed, opening.reseed, embeddings)
    await database.resume(settings.evolution, how, *folds)


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
