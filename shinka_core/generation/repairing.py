"""A candidate that does not run, and one answer that may mend it."""

from __future__ import annotations

import asyncio

from shinka_core.evaluating.faults import fault_of
from shinka_core.generation.submitting import RESULTS
from shinka_core.generation.under_way import OpenGeneration
from shinka_core.launch.room import put_aside_program
from shinka_core.program import Evaluation
from shinka_core.source import Source
from shinka_core.source_folder import contents_of, place_of

# Where a candidate that was mended lies with its results, inside its generation's folder.
UNREPAIRED = "unrepaired"


def is_repairable(generation: OpenGeneration, evaluation: Evaluation) -> bool:
    """Whether the settings have a candidate mended that was judged so."""
    evolve = generation.run.settings.evolve
    return evolve.max_repairs > 0 and fault_of(evaluation) in evolve.repair_after


async def set_unrepaired_aside(generation: OpenGeneration, source: Source) -> None:
    """Makes room for the mended program, keeping what its evaluators wrote of the one before."""
    await set_aside(generation, source, UNREPAIRED)


async def set_aside(generation: OpenGeneration, source: Source, name: str) -> None:
    """Moves a program of the generation, with what its evaluators wrote, into a folder of that name beside it."""
    run = generation.run
    program = place_of(source, run.generation_dir(generation.context.number), run.seed_program.extension)
    await asyncio.to_thread(put_aside_program, program, contents_of(source), RESULTS, name)
