"""What a seed program that a model writes starts from: those before it, or nothing but the task."""

from __future__ import annotations

from typing import Any

import numpy as np

from shinka_core.database import values
from shinka_core.generation.once import once
from shinka_core.generation.under_way import OpenGeneration
from shinka_core.program import GenerationState, Program, Sampling
from shinka_core.run import Run
from shinka_core.seeds import BOOTSTRAP, homes, writing_models
from shinka_core.source import Source

# The id of the program that stands for none.
NOBODY = ""


async def sample_seed(generation: OpenGeneration, attempt: int) -> Sampling:
    """Chooses who writes the program, and which ones it is to differ from.

    Args:
        attempt: How often the generation was begun anew.
    """
    run, number = generation.run, generation.context.number

    async def choose() -> Sampling:
        rng = np.random.default_rng([generation.context.seed, number, attempt])
        weights = run.client.weighted(writing_models(run.settings.evolve))
        before = [await run.database.by_generation(earlier) for earlier in range(number)]
        parent, others = _shown([program for program in before if program is not None])
        return Sampling(
            parent=parent or blank(run),
            inspirations=others,
            island=homes(number, len(run.seeds), run.settings.database.num_islands)[0],
            patch_type=BOOTSTRAP,
            model=list(weights)[int(rng.integers(len(weights)))],
            attempt=attempt,
            seed=int(rng.integers(2**31)),
        )

    async def load(payload: dict[str, Any]) -> Sampling:
        if payload["parent"] != NOBODY:
            return await values.load_sampling(payload, run.database)
        return Sampling(blank(run), (), **{name: payload[name] for name in SAMPLED})

    return await once(generation, GenerationState.SAMPLED, (attempt, 0), choose, values.dump_sampling, load)


SAMPLED = ("island", "patch_type", "model", "attempt", "seed")


def _shown(before: list[Program]) -> tuple[Program | None, tuple[Program, ...]]:
    """The program whose frame is kept, the first correct one, and the others from the worst to the best."""
    if not before:
        return None, ()
    parent = next((program for program in before if program.correct), before[0])
    others = [program for program in before if program is not parent]
    return parent, tuple(sorted(others, key=_score))


def _score(program: Program) -> float:
    return program.score if program.correct and program.score is not None else -np.inf


def blank(run: Run) -> Program:
    """No program, in the language of those that are to come; one that ends with a line end, as they are to."""
    return Program(NOBODY, -1, Source.of("\n", run.seed_program.language), 0, None, False)
