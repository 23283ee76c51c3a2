"""The record task: store the scored program."""

from __future__ import annotations

from prefect import task

from shinka_core import generation as steps
from shinka_core.generation import OpenGeneration
from shinka_core.program import Candidate, Evaluation, Program, Sampling
from tasks.policy import JITTER, PATIENT_BACKOFF, STATELESS, is_retryable


@task(
    name="record",
    task_run_name="record {generation}",
    retries=len(PATIENT_BACKOFF),
    retry_delay_seconds=PATIENT_BACKOFF,
    retry_jitter_factor=JITTER,
    retry_condition_fn=is_retryable,
    timeout_seconds=600,
    **STATELESS,
)
async def record(
    generation: OpenGeneration, sampling: Sampling | None, candidate: Candidate, evaluation: Evaluation
) -> Program:
    """Stores the program and closes the generation."""
    return await steps.record(generation, sampling, candidate, evaluation)
