"""The sample task: choose a parent, inspirations, a patch type and a model."""

from __future__ import annotations

from prefect import task

from shinka_core import generation as steps
from shinka_core.generation import OpenGeneration
from shinka_core.program import Sampling
from tasks.policy import JITTER, PATIENT_BACKOFF, STATELESS, is_retryable


@task(
    name="sample",
    task_run_name="sample {generation} try {attempt}",
    retries=len(PATIENT_BACKOFF),
    retry_delay_seconds=PATIENT_BACKOFF,
    retry_jitter_factor=JITTER,
    retry_condition_fn=is_retryable,
    timeout_seconds=600,
    **STATELESS,
)
async def sample(generation: OpenGeneration, attempt: int) -> Sampling:
    """Chooses what the proposal starts from."""
    return await steps.sample(generation, attempt)
