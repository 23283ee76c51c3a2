"""The review task: somebody or something looks at a candidate before it is run, or recorded."""

from __future__ import annotations

from prefect import task

from shinka_core import generation as steps
from shinka_core.generation import OpenGeneration
from shinka_core.program import Candidate, Evaluation, Review, Sampling, Verdict
from tasks.policy import STATELESS


@task(name="review", task_run_name="review {generation} try {sampling.attempt}.{turn}", **STATELESS)
async def review(
    generation: OpenGeneration,
    sampling: Sampling,
    candidate: Candidate,
    verdict: Verdict,
    turn: int,
    evaluation: Evaluation | None = None,
) -> Review:
    """Waits for the decision, however long that takes.

    Not retried: what the reviewer stands on failed, and the run decides with the other generations what follows.
    """
    return await steps.review(generation, sampling, candidate, verdict, turn, evaluation)
