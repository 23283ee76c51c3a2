"""What a proposal starts from: island, parent, inspirations, operator and model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from shinka_core.bandit import Arm, Offer
from shinka_core.database import values
from shinka_core.database.pulls import pull_of
from shinka_core.generation.bootstrapping import sample_seed
from shinka_core.generation.guiding import with_idea
from shinka_core.generation.once import once
from shinka_core.generation.starts import trials_by_sampling
from shinka_core.generation.tuning import with_tuning
from shinka_core.generation.under_way import OpenGeneration
from shinka_core.model_address import is_builtin
from shinka_core.operators import ALONE, CROSS, FIX
from shinka_core.population.search import Choice
from shinka_core.program import GenerationState, Sampling
from shinka_core.record import Pull
from shinka_core.run import Run


async def sample(generation: OpenGeneration, attempt: int) -> Sampling:
    """Chooses island, parent, inspirations, operator and model."""
    run = generation.run
    if generation.context.number < len(run.seeds):
        return await sample_seed(generation, attempt)
    evolve, attempts = run.settings.evolve, run.database.attempts
    resting: list[str] = []

    def pull(rng: np.random.Generator, choice: Choice) -> tuple[str, str]:
        arm = run.arms.pull(_offers(run, choice), rng)
        if arm.operator == CROSS and not choice.inspirations:
            arm = Arm(ALONE, arm.model)  # a crossover needs a second program
        resting.extend(model for model in evolve.proposal_models if not run.client.asks_at_once(model))
        return arm.operator, arm.model

    async def choose() -> Sampling:
        after = attempts.sequence
        done, told = run.done, run.done if evolve.max_evaluations else None
        drawn = await run.database.sample(generation.context, attempt, pull, progress=done)
        trials = _trials(run, drawn.patch_type, drawn.island)
        drawn = replace(drawn, resting=tuple(resting), trials=trials, after=after, progress=told)
        drawn = await with_tuning(generation, drawn)
        drawn = await with_idea(generation, drawn)
        known = attempts.newest(drawn.parent.id, evolve.shown_attempts)
        drawn = replace(drawn, tried=await attempts.read(known))
        operators = run.ways_on(drawn.island).operators
        if not operators.asking(drawn.patch_type) or is_builtin(drawn.model):
            return drawn
        drawn = run.guide.guided(drawn)
        return drawn if run.directions is None else replace(drawn, direction=run.directions.choose(drawn))

    async def load(payload: dict[str, Any]) -> Sampling:
        known = await values.load_sampling(payload, run.database)
        sampling = replace(known, tried=await attempts.read(payload.get(values.TRIED, ())))
        if not sampling.model or run.client.has(sampling.model):
            return sampling
        # It was sampled before the models were changed; an answer that it has given is read back all the same.
        return replace(sampling, model=run.client.pick(np.random.default_rng(sampling.seed)))

    # One after the other, so that their rows are in the order in which they were chosen, each knowing those before it.
    async with run.database.folds.turn:
        sampling = await once(generation, GenerationState.SAMPLED, (attempt, 0), choose, values.dump_sampling, load)
        # Also where it was made by a process before.
        of_generations = min((sampling.ended or 0) / evolve.num_generations, 1.0)
        run.database.reached(of_generations if sampling.progress is None else sampling.progress)
        run.guide.expect(generation.context.number, attempt, sampling.system_prompt_id)
        run.arms.expect(generation.context.number, attempt, Arm(sampling.patch_type, sampling.model))
        run.trials.expect(generation.context.number, attempt, sampling.trials or 0)
        if run.tuning is not None:
            run.tuning.expect(generation.context.number, sampling.patch_type)
    return sampling


def _trials(run: Run, operator: str, island: int) -> int | None:
    """How many trials the sampling may make, where less than the settings say.

    Settled here, so that an operator taken up again finds as many as before, whatever else has ended since.
    """
    evolve, operators = run.settings.evolve, run.ways_on(island).operators
    if evolve.max_trial_share >= 1 or not (most := operators.trials(operator, evolve.max_trials)):
        return None
    return run.trials.allowed(most, evolve.max_trial_share)


def _offers(run: Run, choice: Choice) -> list[Offer]:
    """The arms that can be pulled: models that cannot be asked now are none, as long as there are others."""
    island, ways = choice.island, run.ways_on(choice.island)
    if choice.broken:
        return [Offer(FIX, None, run.models_for(FIX, island))]
    return [
        Offer(name, weight, run.models_for(name, island))
        for name, weight in zip(ways.operators.names, ways.weights, strict=True)
    ]


def pulls_of(generation: OpenGeneration) -> tuple[Pull, ...]:
    """The arms that a generation has tried, in their order; the model is the one that answered, if any did."""
    sampled = sorted(
        (attempt, payload)
        for (step, attempt, _), payload in generation.claim.steps.items()
        if step is GenerationState.SAMPLED
    )
    trials = trials_by_sampling(generation)
    return tuple(
        pull_of(payload, generation.answered.get(attempt) or payload["model"], trials.get(attempt, ()))
        for attempt, payload in sampled
    )
