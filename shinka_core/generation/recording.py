"""The end of a generation that came to something: its program is stored."""

from __future__ import annotations

import asyncio
import math
from dataclasses import replace

from shinka_core.bounds import as_float
from shinka_core.features import source_features
from shinka_core.generation.sampling import pulls_of
from shinka_core.generation.under_way import OpenGeneration
from shinka_core.program import Candidate, Evaluation, Program, Sampling, new_program_id
from shinka_core.seeds import homes
from shinka_core.source import Source

# Characters of a program up to which its features are found on the event loop.
SMALL = 10_000
# Public metrics that count as features.
MOST_METRICS = 100


async def record(
    generation: OpenGeneration, sampling: Sampling | None, candidate: Candidate, evaluation: Evaluation
) -> Program:
    """Stores the scored program with its embedding, and closes the generation.

    Args:
        sampling: None for a seed program that was given.
    """
    run, number = generation.run, generation.context.number
    islands: tuple[int, ...] = ()
    if number < len(run.seeds):
        islands = homes(number, len(run.seeds), run.settings.database.num_islands)
    program = Program(
        id=new_program_id(),
        generation=number,
        source=candidate.source,
        island=islands[0] if islands else 0,
        patch_type=run.seeds[number].kind if islands and number else None,
        score=evaluation.score,
        correct=evaluation.correct,
        name=candidate.name,
        description=candidate.description,
        diff=candidate.diff,
        cost=generation.cost,
        public_metrics=evaluation.public_metrics,
        private_metrics=evaluation.private_metrics,
        text_feedback=evaluation.text_feedback,
        error=evaluation.error,
        evaluation_seconds=evaluation.seconds,
        instance_scores=evaluation.instance_scores,
        features=await _features(candidate.source, evaluation),
        feedback=evaluation.feedback,
    )
    if sampling is not None:
        program = replace(
            program,
            island=sampling.island,
            parent_id=sampling.parent.id or None,
            inspiration_ids=tuple(inspiration.id for inspiration in sampling.inspirations),
            patch_type=sampling.patch_type,
            model=generation.model or sampling.model,
            advice_id=sampling.advice_id,
            idea_id=sampling.idea_id,
            system_prompt_id=sampling.system_prompt_id,
            sampled_after=sampling.after,
        )
    await run.database.add(program, generation.embedding, pulls_of(generation), islands)
    return program


async def _features(source: Source, evaluation: Evaluation) -> dict[str, float]:
    """Of the text, of the public metrics that are numbers, and those that the evaluator gives as such: the last of a name counts."""
    large = source.length > SMALL
    text = await asyncio.to_thread(source_features, source) if large else source_features(source)
    metrics = evaluation.public_metrics.items()
    public = {name: as_float(value) for name, value in metrics if isinstance(value, int | float)}
    finite = [(name, value) for name, value in public.items() if math.isfinite(value)]
    return text | dict(finite[:MOST_METRICS]) | dict(evaluation.features)
