"""What a proposal starts from: island, parent, inspirations, patch type and model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from shinka_core.database import values
from shinka_core.generation.once import once
from shinka_core.generation.under_way import OpenGeneration
from shinka_core.program import GenerationState, Sampling


async def sample(generation: OpenGeneration, attempt: int) -> Sampling:
    """Chooses island, parent, inspirations, patch type and model."""
    run = generation.run
    evolve = run.settings.evolve

    async def choose() -> Sampling:
        return await run.database.sample(
            generation.context,
            attempt,
            patch_types=evolve.patch_types,
            patch_type_probs=evolve.patch_type_probs,
            pick_model=run.client.pick,
        )

    async def load(payload: dict[str, Any]) -> Sampling:
        sampling = await values.load_sampling(payload, run.database)
        if run.client.has(sampling.model):
            return sampling
        # It was sampled before the models were changed; an answer that it has given is read back all the same.
        return replace(sampling, model=run.client.pick(np.random.default_rng(sampling.seed)))

    return await once(generation, GenerationState.SAMPLED, (attempt, 0), choose, values.dump_sampling, load)
