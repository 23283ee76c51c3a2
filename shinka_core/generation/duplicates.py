"""Candidates with the text of a recorded program: known before an embedding, a question or an evaluation is paid for.

Texts that differ in byte-order marks, line ends and closing blank lines alone are the same. What else means nothing
in some language (comments, spacing) is left to the novelty check, which compares tokens: an exact duplicate is
one in every language. Islands are searches of their own, so a program is refused where its twin lives, and only there.
"""

from __future__ import annotations

from typing import Literal

from numpy import ndarray

from shinka_core.evaluating.aggregate import COPIED_FROM
from shinka_core.generation.under_way import OpenGeneration
from shinka_core.program import Evaluation, Sampling, Verdict
from shinka_core.run import Run
from shinka_core.source import Source


def handling(run: Run) -> Literal["refuse", "reuse", "evaluate"]:
    """What the settings say of duplicates."""
    evolve = run.settings.evolve
    if evolve.exact_duplicates != "auto":
        return evolve.exact_duplicates
    threshold = evolve.code_embed_sim_threshold
    return "evaluate" if run.judge is None or (threshold is not None and threshold >= 1) else "refuse"


async def as_duplicate(
    generation: OpenGeneration, sampling: Sampling, source: Source
) -> tuple[Verdict, ndarray | None] | None:
    """The verdict on a candidate whose text is recorded, with the embedding it has; None for any other."""
    run = generation.run
    how = handling(run)
    if how == "evaluate":
        return None
    twin = await run.database.scored(source.key, sampling.island)
    if how == "reuse":
        twin = twin or await run.database.scored(source.key)
        if twin is None:
            return None
        embedding = None if run.judge is None else await run.database.embedding(twin.id)
        explanation = f"the text of generation {twin.generation}, whose result it has"
        return Verdict(True, 1.0, twin.id, explanation, twin=twin.id), embedding
    if twin is None:
        return None
    return Verdict(False, 1.0, twin.id, f"identical to generation {twin.generation}"), None


async def reuse(generation: OpenGeneration, twin: str) -> Evaluation:
    """The result of a recorded program, for another generation's with the same text; it took no time.

    Raises:
        DatabaseError: There is no such program.
    """
    program = await generation.run.database.get(twin)
    return Evaluation(
        score=program.score,
        correct=program.correct,
        public_metrics=program.public_metrics | {COPIED_FROM: program.generation},
        private_metrics=program.private_metrics,
        text_feedback=program.text_feedback,
        error=program.error,
        instance_scores=program.instance_scores,
        features=program.features,
        feedback=program.feedback,
    )
