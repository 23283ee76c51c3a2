"""The patch task: apply the model's edit to the parent."""

from __future__ import annotations

from prefect import task

from shinka_core import generation as steps
from shinka_core.generation import OpenGeneration
from shinka_core.program import Answer, Candidate, Failure, Sampling
from tasks.policy import JITTER, PATIENT_BACKOFF, STATELESS, is_retryable


@task(
    name="patch",
    task_run_name="patch {generation} try {sampling.attempt}.{turn}",
    retries=len(PATIENT_BACKOFF),
    retry_delay_seconds=PATIENT_BACKOFF,
    retry_jitter_factor=JITTER,
    retry_condition_fn=is_retryable,
    timeout_seconds=600,
    **STATELESS,
)
async def patch(generation: OpenGeneration, sampling: Sampling, answer: Answer, turn: int) -> Candidate | Failure:
    """Makes a candidate of the answer; one that does not apply is an outcome, not an error."""
    return await steps.patch(generation, sampling, answer, turn)
