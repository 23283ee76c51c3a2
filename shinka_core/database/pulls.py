"""Which arms generations tried, as their samplings and the calls that were answered tell."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.schema import ModelCallRow, StepRow
from shinka_core.program import GenerationState, Purpose
from shinka_core.record import Pull

Pulls = dict[int, tuple[Pull, ...]]


async def read_pulls(connection: AsyncConnection, evolution: str, generation: int | None = None) -> Pulls:
    """The pulls of each generation in their order, or of one alone; the model is the one that answered, if any did."""
    steps = (
        select(StepRow.generation, StepRow.attempt, StepRow.payload)
        .where(StepRow.evolution == evolution, StepRow.step == GenerationState.SAMPLED.value)
        .order_by(StepRow.generation, StepRow.attempt, StepRow.id)  # of several the last counts
    )
    calls = (
        select(ModelCallRow.generation, ModelCallRow.attempt, ModelCallRow.model)
        .where(
            ModelCallRow.evolution == evolution,
            ModelCallRow.purpose == Purpose.PROPOSAL.value,
            ModelCallRow.status == "answered",
        )
        .order_by(ModelCallRow.turn)
    )
    if generation is not None:
        steps = steps.where(StepRow.generation == generation)
        calls = calls.where(ModelCallRow.generation == generation)
    answered = {(number, attempt): model for number, attempt, model in await connection.execute(calls)}
    sampled = {(number, attempt): payload for number, attempt, payload in await connection.execute(steps)}
    found: Pulls = {}
    for (number, attempt), payload in sampled.items():
        pull = Pull(payload["patch_type"], answered.get((number, attempt), payload["model"]))
        found[number] = (*found.get(number, ()), pull)
    return found
