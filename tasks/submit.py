"""The submit task: put a candidate on disk and start its evaluation."""

from __future__ import annotations

from prefect import task

from shinka_core import generation as steps
from shinka_core.generation import OpenGeneration
from shinka_core.program import Candidate, Job, Trial
from tasks.policy import JITTER, PATIENT_BACKOFF, STATELESS, is_retryable


@task(
    name="submit",
    task_run_name="submit {generation}{trial}",
    retries=len(PATIENT_BACKOFF),
    retry_delay_seconds=PATIENT_BACKOFF,
    retry_jitter_factor=JITTER,
    retry_condition_fn=is_retryable,
    timeout_seconds=600,
    **STATELESS,
)
async def submit(generation: OpenGeneration, candidate: Candidate, trial: Trial) -> Job:
    """Starts an evaluation, or finds the one an earlier process started."""
    return await steps.submit(generation, candidate.source, trial)
