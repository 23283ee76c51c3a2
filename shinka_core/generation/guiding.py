"""What is written about the search and goes with a sampling."""

from __future__ import annotations

from dataclasses import replace

from shinka_core.generation.under_way import OpenGeneration
from shinka_core.model_address import is_builtin
from shinka_core.operators import ALONE, CROSS, FIX
from shinka_core.program import Sampling


async def with_idea(generation: OpenGeneration, sampling: Sampling) -> Sampling:
    """The sampling with an idea to try, from the best program on that one's island, if there is an idea for it.

    A generation that has an idea keeps it in whatever it samples anew. An operator that asks no model that reads can
    make nothing of one, nor can one that mends a program.
    """
    run, number = generation.run, generation.context.number
    if run.ideas is None:
        return sampling
    ways = run.ways_on(sampling.island)
    asks = ways.operators.asking(sampling.patch_type) and not is_builtin(sampling.model)
    if sampling.patch_type == FIX or not asks:
        run.ideas.put_aside(number)
        return sampling
    best = await run.database.best() if run.ideas.has_for(number) else None
    idea = None if best is None else run.ideas.hand_out(number, best)
    if best is None or idea is None:
        return sampling
    island = run.database.move_proposal(number, best, sampling.island)
    # What another island has found stays there, as far as a proposal is concerned.
    shown = sampling.inspirations if island == sampling.island else ()
    others = tuple(program for program in shown if program.id != best.id)
    operator = ALONE if sampling.patch_type == CROSS and not others else sampling.patch_type
    return replace(sampling, parent=best, inspirations=others, island=island, patch_type=operator, idea_id=idea)
