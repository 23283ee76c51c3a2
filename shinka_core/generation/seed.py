"""Generation 0: the seed program, which nobody proposed."""

from __future__ import annotations

from shinka_core.errors import blaming
from shinka_core.generation.under_way import OpenGeneration
from shinka_core.llm.account import charged_to
from shinka_core.program import Candidate
from shinka_core.run import Run


def seed_candidate(run: Run) -> Candidate:
    """The seed program as it stands."""
    return Candidate(run.seed_program.source, name="seed_program", description="The program as given.", diff="")


async def embed_seed(generation: OpenGeneration) -> None:
    """Gives the seed program its embedding, so that copies of it are not novel."""
    run = generation.run
    if run.judge is not None:
        with charged_to(0) as charge, blaming("novelty"):
            generation.embedding = await run.judge.embed_if_taken(run.seed_program.source)
        generation.cost += charge.dollars
