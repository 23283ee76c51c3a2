"""The repair task: ask the model that made a candidate to mend it."""

from __future__ import annotations

from prefect import task

from shinka_core import generation as steps
from shinka_core.generation import OpenGeneration
from shinka_core.llm.question import Message
from shinka_core.program import Answer, Sampling
from tasks.policy import JITTER, STATELESS, asks_again
from tasks.query import BACKOFF


@task(
    name="repair",
    task_run_name="repair {generation} try {sampling.attempt}.{turn}",
    retries=6,
    retry_delay_seconds=BACKOFF,
    retry_jitter_factor=JITTER,
    retry_condition_fn=asks_again,
    **STATELESS,
)
async def repair(generation: OpenGeneration, sampling: Sampling, turn: int, history: tuple[Message, ...]) -> Answer:
    """Asks the model; retried for rate limits and passing faults, never for an answer that came."""
    return await steps.repair(generation, sampling, turn, history)
