"""The novelty task: compare a candidate with what its island already holds."""

from __future__ import annotations

from prefect import task
from prefect.tasks import exponential_backoff

from shinka_core import generation as steps
from shinka_core.generation import OpenGeneration
from shinka_core.program import Candidate, Sampling, Verdict
from tasks.policy import JITTER, STATELESS, is_retryable


@task(
    name="novelty",
    task_run_name="novelty {generation} try {sampling.attempt}.{turn}",
    retries=4,
    retry_delay_seconds=exponential_backoff(backoff_factor=1),
    retry_jitter_factor=JITTER,
    retry_condition_fn=is_retryable,
    **STATELESS,
)
async def novelty(generation: OpenGeneration, sampling: Sampling, candidate: Candidate, turn: int) -> Verdict:
    """Judges whether the candidate is worth an evaluation."""
    return await steps.judge(generation, sampling, candidate, turn)
