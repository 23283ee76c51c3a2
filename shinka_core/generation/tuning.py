"""Tuning of the best program in a proposal's place, when it is due."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from shinka_core.generation.under_way import OpenGeneration
from shinka_core.operators import FIX, TUNE
from shinka_core.program import Sampling

# Tells its draws from all others that the seed of a sampling is used for.
DRAW = 7


async def with_tuning(generation: OpenGeneration, sampling: Sampling) -> Sampling:
    """The sampling as it is, or one that tunes the best program of its island."""
    run, number = generation.run, generation.context.number
    if run.tuning is None or sampling.patch_type == FIX or not run.ways_on(sampling.island).tuned:
        return sampling
    evolve, rng = run.settings.evolve, np.random.default_rng([sampling.seed, DRAW])
    best = run.database.best_on(sampling.island)
    # One that outlasts the generations that have not begun would keep the run waiting for it alone.
    left, share = evolve.num_generations - number, min(evolve.max_trial_share, run.tuning.settings.most)
    if evolve.max_evaluations is not None:
        left = min(left, run.trials.left(evolve.max_evaluations))
    trials = run.tuning.due(best, min(left, run.trials.allowed(left, share)), rng)
    if not trials:
        return sampling
    run.database.expect_child(number, best, sampling.island)
    (parent,) = await run.database.get_many((best,))
    usual = run.tuning.usual_gain
    return replace(sampling, parent=parent, inspirations=(), patch_type=TUNE, model="", trials=trials, usual_gain=usual)
