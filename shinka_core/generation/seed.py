"""Seed programs that were given: the first generations, which nobody proposes."""

from __future__ import annotations

from shinka_core.costs import both
from shinka_core.database import values
from shinka_core.errors import blaming
from shinka_core.generation.under_way import OpenGeneration
from shinka_core.llm.account import charged_to
from shinka_core.program import Candidate, Evaluation, GenerationState
from shinka_core.run import Run
from shinka_core.seeds import TRUSTED


def seed_candidate(run: Run) -> Candidate:
    """The first seed program as it stands."""
    return Candidate(run.seed_program.source, name="seed_program", description="The program as given.", diff="")


def given_candidate(generation: OpenGeneration) -> Candidate:
    """The program as it was given; all but the first are in the journal since the run began."""
    stored = generation.claim.find(GenerationState.PATCHED, 0, 0)
    if stored is not None:
        candidate = values.load_candidate(stored)
        assert isinstance(candidate, Candidate), "nothing else is stored as given"
        return candidate
    return seed_candidate(generation.run)


def trusted_result(generation: OpenGeneration) -> Evaluation | None:
    """The result that the program had in an earlier run, when it counts here as well."""
    stored = (generation.claim.find(GenerationState.PATCHED, 0, 0) or {}).get(TRUSTED)
    return None if stored is None else values.load_evaluation(stored)


async def embed_seed(generation: OpenGeneration) -> None:
    """Gives a seed program its embedding, so that copies of it are not novel."""
    run = generation.run
    if run.judge is not None:
        with charged_to(generation.context.number) as charge, blaming("novelty"):
            generation.embedding = await run.judge.embed_if_taken(given_candidate(generation).source)
        generation.cost = both(generation.cost, charge.dollars)
