"""The query task: ask the sampled model."""

from __future__ import annotations

from prefect import task

from shinka_core import generation as steps
from shinka_core.generation import OpenGeneration
from shinka_core.llm.question import Message
from shinka_core.program import Answer, Sampling
from tasks.policy import JITTER, STATELESS, asks_again

# The first retry comes at once: most faults have passed by then, a slot must not idle, and what the
# provider asks to wait (`Retry-After`) the client waits for by itself.
BACKOFF = [0.1, 1.0, 2.0, 4.0, 8.0, 16.0]


@task(
    name="query",
    task_run_name="query {generation} try {sampling.attempt}.{turn} {sampling.model}",
    retries=6,
    retry_delay_seconds=BACKOFF,
    retry_jitter_factor=JITTER,
    retry_condition_fn=asks_again,
    **STATELESS,
)
async def query(generation: OpenGeneration, sampling: Sampling, turn: int, history: tuple[Message, ...] = ()) -> Answer:
    """Asks the model; retried for rate limits and passing faults, never for an answer that came.

    Without a time limit of its own: the provider has one, and waiting for a slot, a rate or money has none.
    """
    return await steps.query(generation, sampling, turn, history)
