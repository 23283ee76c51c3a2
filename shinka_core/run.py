"""The composition root: everything one evolution works with, opened together and closed together."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Literal

from shinka_core.bandit import Arms, bandit_of
from shinka_core.binding import bind, expect_again, share
from shinka_core.budget import Budget
from shinka_core.config import EvolutionConfig
from shinka_core.control import RunControl
from shinka_core.database import AsyncProgramDatabase, KnownRun, address_of, look_up
from shinka_core.embed import embedder
from shinka_core.errors import ConfigError, EvolutionExistsError, EvolutionTakenMeanwhileError
from shinka_core.launch import Launcher, launcher_of
from shinka_core.llm import AsyncLLMClient
from shinka_core.llm.endpoint import priced_models
from shinka_core.llm.prices import KEPT as KEPT_PRICES
from shinka_core.meta import Guide, guide_of
from shinka_core.meta.directions import Directing, Directions
from shinka_core.meta.ideas import Ideas, IdeaStep
from shinka_core.meta.steps import meta_steps
from shinka_core.milestones import Milestones
from shinka_core.naming import Place, traces
from shinka_core.novelty import AsyncNoveltyJudge
from shinka_core.opening import prepare
from shinka_core.operators import builtin_operators
from shinka_core.outcome import Outcome
from shinka_core.pacing import Pacing
from shinka_core.periodic import Named, Resumable, periodics_of
from shinka_core.private import private_places
from shinka_core.program_size import SizeLimit, contexts_of
from shinka_core.progress import Progress
from shinka_core.record import Fold
from shinka_core.reviewers import Reviewer, reviewer_of
from shinka_core.run_limits import RunLimits
from shinka_core.seed_program import SeedProgram
from shinka_core.seeds import Seed
from shinka_core.settings import Resume, RunSettings
from shinka_core.slots import Slots
from shinka_core.starting import start_of
from shinka_core.tally import Tally
from shinka_core.trials import TrialCount
from shinka_core.tuning import Tuning
from shinka_core.ways import Ways, way_of, ways_of
from shinka_core.whereabouts import write_mark

logger = logging.getLogger("shinka.run")

# Seconds for another driver to open the evolution that this one is to take part in, and between two looks.
MEANWHILE = 60.0
LOOK_AGAIN = 0.3


class Run:
    """The open parts of one evolution.

    A plain class on purpose: what walks over task arguments looks into dataclasses and
    containers, but not into this.

    Attributes:
        seed_program: The first one; nothing until it is written, where a model does that.
        seeds: What the first generations begin with.
        generations: Slots for all that is in flight: fewer where candidates would wait for an evaluation.
        library: What is shown of other tasks' programs to whoever writes seed programs.
        control: Whether it goes on.
        over: Set when no generation is under way any more, and nothing beside them is waited for that can be taken up.
        last_error: Why the last generation ended without a program.
        contexts: What the models read, as far as is known.
        size_limit: Of every program.
        ends: How generations ended that nobody has asked about yet. Only what is in here has ended:
            a flow run that is over says nothing about its generation.
        reviewer: Who looks at candidates before they are run, if anybody does.
        periodics: What is done now and then beside the generations.
        directions: The task's own texts on how to refine and how to diverge, if they are wanted.
        guide: What prompts show of what is written about the search.
        ideas: The one of them that asks for ideas and hands them out; None: it is not done.
        seconds_before: Of the processes that had this evolution open before.
        feedback_warned: Whether it was said that an evaluator's feedback is taken in part.
        limits: What ends it before its last generation.
        tuning: Knows when the best program is to be tuned; None: never.
        tally: What there is to count of it, for metrics.
        milestones: What is worth an event.
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
        trials: TrialCount,
        reviewer: Reviewer | None = None,
        periodics: Sequence[Named] = (),
        guide: Guide | None = None,
        seeds: Sequence[Seed] = (Seed(),),
        limits: RunLimits | None = None,
        tuning: Tuning | None = None,
        tally: Tally | None = None,
        milestones: Milestones | None = None,
    ) -> None:
        self.settings = settings
        self.milestones = milestones or milestones_of(settings.evolve)
        self.seed_program = seed_program
        self.seeds = tuple(seeds)
        self.library = ""
        self.database = database
        self.client = client
        self.budget = budget
        self.control = RunControl()
        self.over = asyncio.Event()
        self.seconds_before = 0.0
        self.limits = limits or RunLimits(settings.evolve, progress)
        self.last_error = ""
        self.feedback_warned = False
        self.ends: dict[int, Outcome] = {}
        self.judge = judge
        self.launcher = launcher
        self._ways = ways_of(settings.evolve, settings.database.islands)
        self.arms = arms
        self.trials = trials
        self.tuning = tuning
        self.contexts = contexts_of(settings.evolve)
        folder = not seed_program.source.single
        self.size_limit = SizeLimit(settings.evolve, seed_program.language, folder=folder, ways=self._ways)
        self.proposals = Slots("proposals", settings.proposal_jobs, gate=self.control)
        self.evaluations = Slots("evaluations", settings.evaluation_jobs)
        self._of_stages = {
            stage.name: Slots(stage.name, stage.slots) for stage in settings.job.stages if stage.slots is not None
        }
        self.pacing = Pacing(settings.proposal_jobs, settings.evaluation_jobs, settings.evolve.max_oversubscription)
        first = settings.proposal_jobs + settings.evaluation_jobs
        self.generations = Slots("generations", first if reviewer is None else self.pacing.most_in_flight)
        self.progress = progress
        self.tally = tally or Tally()
        self.reviewer = reviewer
        self.periodics = tuple(periodics)
        texts = (named.step for named in self.periodics if isinstance(named.step, Directions))
        self.directions: Directing | None = next(texts, None)
        self.guide = guide or guide_of(settings.evolve)
        self.ideas: Ideas | None = next((named.step for named in periodics if isinstance(named.step, IdeaStep)), None)

    @property
    def evolution(self) -> str:
        """Name of the run."""
        return self.settings.evolution

    @property
    def done(self) -> float:
        """Share of its generations that have ended, or of its evaluations where these are limited; in [0, 1].

        By ends and not by numbers: slots are not handed out in the order of generations.
        """
        evolve = self.settings.evolve
        shares = [self.database.ended / evolve.num_generations]
        if evolve.max_evaluations:
            shares.append(self.trials.evaluations / evolve.max_evaluations)
        return min(max(shares), 1.0)

    def ways_on(self, island: int) -> Ways:
        """How proposals are made on an island."""
        return way_of(self._ways, self.database.entry_of(island))

    def models_for(self, operator: str, island: int) -> dict[str, float]:
        """The models that an operator may ask now on an island, with their weights; none for one that asks none."""
        ways = self.ways_on(island)
        if not ways.operators.asking(operator):
            return {}
        return self.client.weighted(ways.models_for(operator, self.settings.evolve.llm_roles))

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
        """Adjusts proposals, and all that is in flight, to what the evaluation slots can take."""
        waiting = self.evaluations.waiting
        self.proposals.resize(self.pacing.target(waiting))
        # What waits for a person keeps nobody from an evaluation slot.
        most = self.pacing.most_in_flight
        self.generations.resize(self.pacing.in_flight(waiting) if self.reviewer is None else most)

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
    until = time.monotonic() + MEANWHILE
    while True:
        async with AsyncExitStack() as stack:
            try:
                run = await _open(settings, how, stack)
            except EvolutionExistsError as error:
                if not await _is_another_driver(settings, how, error) or time.monotonic() > until:
                    raise
            else:
                yield run
                return
        await asyncio.sleep(LOOK_AGAIN)


async def _is_another_driver(settings: RunSettings, how: Resume, error: EvolutionExistsError) -> bool:
    """Whether the evolution is there because another driver was faster, and can be joined in a moment."""
    if how is not Resume.JOIN:
        return False
    known = await look_up(settings.database, settings.results_dir, settings.evolution)
    shared = known is not None and (known.shared or known.about_to_share)
    return shared or isinstance(error, EvolutionTakenMeanwhileError)


async def _open(settings: RunSettings, how: Resume, stack: AsyncExitStack) -> Run:
    known = await look_up(settings.database, settings.results_dir, settings.evolution)
    _check_there(settings, known, how)
    opening = await asyncio.to_thread(prepare, settings, known, how)
    start = await start_of(opening)
    settings, evolve = opening.settings, opening.settings.evolve
    reviewer, guide = reviewer_of(evolve.asked_reviewer), guide_of(evolve)
    periodics = (*periodics_of(evolve.periodic), *meta_steps(evolve), *guide.steps)
    told = [guide, *(named.step for named in periodics if isinstance(named.step, Fold))]
    database = AsyncProgramDatabase(settings.database, settings.results_dir)
    budget = Budget(evolve.max_api_costs)
    progress = Progress(total=evolve.num_generations)
    limits, tally = RunLimits(evolve, progress), Tally()
    arms, trials = Arms(bandit_of(evolve)), TrialCount()
    milestones = milestones_of(evolve)
    tuning = None if evolve.tuning is None else Tuning(evolve.tuning)
    folds: tuple[Fold, ...] = (progress, tally, arms, trials, limits, milestones, *([tuning] if tuning else []), *told)
    kept = None if known is None else known.settings
    client = AsyncLLMClient.from_config(
        evolve, ledger=database.calls, providers=builtin_operators(), budget=budget, kept=kept
    )
    opening.keep[KEPT_PRICES] = client.prices.as_kept(priced_models(evolve))
    stack.push_async_callback(client.close)
    hidden = private_places(settings.results_dir, address_of(settings.database.db_path, settings.results_dir))
    launcher = await asyncio.to_thread(launcher_of, settings.job, hidden)  # it may load an evaluator
    stack.push_async_callback(launcher.close)
    judge = await asyncio.to_thread(_judge, evolve, client)  # a model on this machine is loaded, for seconds
    if judge is not None:
        stack.push_async_callback(judge.close)
    settings.results_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    await stack.enter_async_context(database)
    for sentence in client.prices.changed():
        logger.warning("%s", sentence)
    await bind(database, opening, start, judge, (budget, *folds), shares=how is Resume.JOIN)
    if known is not None:
        progress.take_up()
    write_mark(Place(settings.evolution, settings.results_dir), settings.database)
    database.folds.add(*folds)
    if database.together is not None:
        share(database.together, budget, database.folds, start, evolve)
    expect_again(database, arms, trials, guide, tuning)
    run = Run(
        settings, opening.seed_program, database, client, budget, judge, launcher, progress, arms, trials, reviewer,
        periodics, guide, start.seeds, limits, tuning, tally, milestones,
    )  # fmt: skip
    run.library = start.library
    await _take_its_place(run)
    return run


async def _take_its_place(run: Run) -> None:
    """Learns what the sessions before used up, and has the periodic steps do so."""
    run.seconds_before = run.limits.seconds_before = await run.database.seconds_before()
    run.limits.evaluations = await run.database.journal.starts()
    for named in run.periodics:
        if isinstance(named.step, Resumable):
            await named.step.open(run)


def milestones_of(evolve: EvolutionConfig) -> Milestones:
    """What tells of events, as the settings say."""
    return Milestones(evolve.max_api_costs, evolve.stagnation_event)


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
