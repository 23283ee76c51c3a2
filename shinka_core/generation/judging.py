"""Whether a candidate is novel: compared once, and from then on so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from shinka_core.database import values
from shinka_core.errors import blaming
from shinka_core.generation.duplicates import as_duplicate, handling
from shinka_core.generation.once import once, plain
from shinka_core.generation.starts import was_submitted
from shinka_core.generation.under_way import OpenGeneration
from shinka_core.llm.account import charged_to
from shinka_core.llm.question import CallKey
from shinka_core.program import Candidate, GenerationState, Purpose, Sampling, Verdict

OFF = Verdict(novel=True, similarity=-1.0, nearest=None, explanation="novelty check off")


async def judge(generation: OpenGeneration, sampling: Sampling, candidate: Candidate, turn: int) -> Verdict:
    """Compares the candidate with its island; without a judge everything is novel but what is recorded already.

    What was judged or submitted before is so still, also when the novelty check is on or off since: the
    candidates after it rest on that.
    """
    run = generation.run
    stored = generation.claim.find(GenerationState.JUDGED, sampling.attempt, turn)
    novelty, looks = run.judge, handling(run) != "evaluate"
    if novelty is None and (stored is not None or not looks):
        return OFF if stored is None else values.load_verdict(stored)[0]
    if stored is None and was_submitted(generation, candidate.source):
        if novelty is not None:
            with charged_to(generation.context.number) as charge, blaming("novelty"):
                generation.embedding = await novelty.embed_if_taken(candidate.source)
            generation.cost += charge.dollars
        return Verdict(novel=True, similarity=-1.0, nearest=None, explanation="submitted without a novelty check")

    async def check() -> tuple[Verdict, np.ndarray | None]:
        duplicate = await as_duplicate(generation, sampling, candidate.source)
        if duplicate is not None:
            return duplicate
        if novelty is None:
            return OFF, None
        with charged_to(generation.context.number) as charge, blaming("novelty"):
            verdict, embedding = await novelty.check(
                candidate.source,
                island=sampling.island,
                neighbours=run.database,
                key=CallKey(generation.context.number, Purpose.NOVELTY, sampling.attempt, turn),
            )
        return replace(verdict, cost=verdict.cost + charge.dollars), embedding

    verdict, embedding = await once(
        generation,
        GenerationState.JUDGED,
        (sampling.attempt, turn),
        check,
        values.dump_verdict,
        plain(values.load_verdict),
    )
    generation.embedding = embedding
    generation.cost += verdict.cost
    return verdict
