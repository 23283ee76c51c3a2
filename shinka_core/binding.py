"""How a run has its evolution in the database: begun, taken up, joined; and what is under way there."""

from __future__ import annotations

import logging

from shinka_core import reembedding
from shinka_core.bandit import Arm, Arms
from shinka_core.budget import Budget
from shinka_core.config import EvolutionConfig
from shinka_core.database import AsyncProgramDatabase, TakeUp, Together
from shinka_core.meta import Guide
from shinka_core.novelty import AsyncNoveltyJudge
from shinka_core.opening import Opening
from shinka_core.record import Fold, Folds
from shinka_core.seeds import given_among, seeds_of
from shinka_core.starting import Start
from shinka_core.trials import TrialCount
from shinka_core.tuning import Tuning

logger = logging.getLogger("shinka.run")


async def bind(
    database: AsyncProgramDatabase,
    opening: Opening,
    start: Start,
    judge: AsyncNoveltyJudge | None,
    folds: tuple[Fold, ...],
    *,
    shares: bool,
) -> None:
    """Begins or takes up the evolution, and stores what it begins with; or takes part in it."""
    settings = opening.settings
    if opening.joins:
        await database.join(settings.evolution, *folds)
    elif opening.known is None:
        keep = opening.keep | start.kept | reembedding.kept(judge)
        await database.begin(settings.evolution, seed=settings.evolve.seed, settings=keep, shares=shares)
    else:
        await _take_up(database, opening, start, judge, folds, shares=shares)
    if opening.known is not None and judge is not None:
        judge.expect(database.embedding_width)
    await start.store(database)
    if shares and not opening.joins:
        await database.share()


async def _take_up(
    database: AsyncProgramDatabase,
    opening: Opening,
    start: Start,
    judge: AsyncNoveltyJudge | None,
    folds: tuple[Fold, ...],
    *,
    shares: bool,
) -> None:
    settings, known = opening.settings, opening.known
    assert known is not None, "a run that is taken up is known"
    for change in opening.changes:
        logger.info("changed for this run: %s", change)
    for sentence in opening.accepted:
        logger.warning("%s", sentence)
    embeddings = None
    if judge is not None:
        embeddings = await reembedding.embeddings_anew(database, settings.evolution, known.settings, judge)
    keep = opening.keep | start.kept | reembedding.kept(judge)
    how = TakeUp(
        keep,
        settings.evolve.seed,
        opening.reseed,
        embeddings,
        generations=settings.evolve.num_generations,
        seeds=len(start.seeds),
        given=max(given_among(start.seeds), given_among(seeds_of(known.settings))),
        written=start.seeds[0].written,
    )
    await database.resume(settings.evolution, how, *folds, shares=shares)


def share(together: Together, budget: Budget, folds: Folds, start: Start, evolve: EvolutionConfig) -> None:
    """Has the run go by what it has in common with the other drivers."""
    together.expect(len(start.seeds), evolve.num_generations)
    budget.share(together.money)
    folds.add(budget)


def expect_again(
    database: AsyncProgramDatabase,
    arms: Arms,
    trials: TrialCount,
    guide: Guide | None = None,
    tuning: Tuning | None = None,
) -> None:
    """Has the proposals under way count again as they did for the process that chose them."""
    for sampling in database.under_way:
        arms.expect(sampling.generation, sampling.attempt, Arm(sampling.operator, sampling.model))
        trials.expect(sampling.generation, sampling.attempt, sampling.trials)
        if tuning is not None:
            tuning.expect(sampling.generation, sampling.operator)
        if guide is not None:
            guide.expect(sampling.generation, sampling.attempt, sampling.system_prompt_id)
