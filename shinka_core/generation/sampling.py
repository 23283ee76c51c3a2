"""What a proposal starts from: island, parent, inspirations, patch type and model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from shinka_core.config import EvolutionConfig
from shinka_core.database import values
from shinka_core.generation.once import once
from shinka_core.generation.under_way import OpenGeneration
from shinka_core.population.search import Choice
from shinka_core.program import GenerationState, PatchType, Sampling


async def sample(generation: OpenGeneration, attempt: int) -> Sampling:
    """Chooses island, parent, inspirations, patch type and model."""
    run = generation.run
    evolve = run.settings.evolve

    def pull(rng: np.random.Generator, choice: Choice) -> tuple[PatchType, str]:
        return _patch_type(rng, choice, evolve), run.client.pick(rng)

    async def choose() -> Sampling:
        begun = generation.context.number / evolve.num_generations
        return await run.database.sample(generation.context, attempt, pull, progress=min(begun, 1.0))

    async def load(payload: dict[str, Any]) -> Sampling:
        sampling = await values.load_sampling(payload, run.database)
        if run.client.has(sampling.model):
            return sampling
        # It was sampled before the models were changed; an answer that it has given is read back all the same.
        return replace(sampling, model=run.client.pick(np.random.default_rng(sampling.seed)))

    return await once(generation, GenerationState.SAMPLED, (attempt, 0), choose, values.dump_sampling, load)


def _patch_type(rng: np.random.Generator, choice: Choice, evolve: EvolutionConfig) -> PatchType:
    if choice.broken:
        return PatchType.FIX
    weights = np.asarray(evolve.patch_type_probs)
    drawn = evolve.patch_types[int(rng.choice(len(weights), p=weights / weights.sum()))]
    # A crossover needs a second program.
    return PatchType.DIFF if drawn is PatchType.CROSS and not choice.inspirations else drawn
