"""What a proposal starts from: island, parent, inspirations, operator and model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from shinka_core.bandit import Arm, Offer
from shinka_core.database import values
from shinka_core.generation.once import once
from shinka_core.generation.under_way import OpenGeneration
from shinka_core.operators import ALONE, CROSS, FIX
from shinka_core.population.search import Choice
from shinka_core.program import GenerationState, Sampling
from shinka_core.record import Pull
from shinka_core.run import Run


async def sample(generation: OpenGeneration, attempt: int) -> Sampling:
    """Chooses island, parent, inspirations, operator and model."""
    run = generation.run
    evolve = run.settings.evolve

    def pull(rng: np.random.Generator, choice: Choice) -> tuple[str, str]:
        arm = run.arms.pull(_offers(run, choice), rng)
        if arm.operator == CROSS and not choice.inspirations:
            arm = Arm(ALONE, arm.model)  # a crossover needs a second program
        return arm.operator, arm.model

    async def choose() -> Sampling:
        begun = generation.context.number / evolve.num_generations
        return await run.database.sample(generation.context, attempt, pull, progress=min(begun, 1.0))

    async def load(payload: dict[str, Any]) -> Sampling:
        sampling = await values.load_sampling(payload, run.database)
        if not sampling.model or run.client.has(sampling.model):
            return sampling
        # It was sampled before the models were changed; an answer that it has given is read back all the same.
        return replace(sampling, model=run.client.pick(np.random.default_rng(sampling.seed)))

    sampling = await once(generation, GenerationState.SAMPLED, (attempt, 0), choose, values.dump_sampling, load)
    run.arms.expect(generation.context.number, attempt, Arm(sampling.patch_type, sampling.model))
    return sampling


def _offers(run: Run, choice: Choice) -> list[Offer]:
    """The arms that can be pulled: models that cannot be asked now are none, as long as there are others."""
    if choice.broken:
        return [Offer(FIX, None, run.models_for(FIX))]
    weights = run.settings.evolve.patch_type_probs
    return [
        Offer(name, weight, run.models_for(name)) for name, weight in zip(run.operators.names, weights, strict=True)
    ]


def pulls_of(generation: OpenGeneration) -> tuple[Pull, ...]:
    """The arms that a generation has tried, in their order; the model is the one that answered, if any did."""
    sampled = sorted(
        (attempt, payload)
        for (step, attempt, _), payload in generation.claim.steps.items()
        if step is GenerationState.SAMPLED
    )
    return tuple(
        Pull(payload["patch_type"], generation.answered.get(attempt) or payload["model"])
        for attempt, payload in sampled
    )
