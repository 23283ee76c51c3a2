"""The evaluate task: wait for the evaluator's result."""

from __future__ import annotations

from prefect import task

from shinka_core import generation as steps
from shinka_core.generation import OpenGeneration
from shinka_core.program import Evaluation, Job
from tasks.policy import STATELESS


@task(name="evaluate", task_run_name="evaluate {generation}{job.trial}", **STATELESS)
async def evaluate(generation: OpenGeneration, job: Job) -> Evaluation:
    """Waits for the result; the launcher ends the evaluation at its time limit.

    Not retried by itself: a lost job has to be submitted again, which the generation does.
    """
    return await steps.evaluate(generation, job)
