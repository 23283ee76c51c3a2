"""Which arms generations tried, as their samplings and the calls that were answered tell."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased

from shinka_core.database.schema import ModelCallRow, StepRow
from shinka_core.program import TRIALS, GenerationState, Purpose, sampling_of_trial
from shinka_core.record import Pull, sums

Pulls = dict[int, tuple[Pull, ...]]


def pull_of(payload: Mapping[str, Any], model: str, seconds: Collection[float]) -> Pull:
    """The pull of a sampling.

    Args:
        payload: Of its step in the journal.
        model: That answered, or was sampled.
        seconds: Of the evaluations on the way to its candidate.
    """
    trials, took = sums(seconds)
    return Pull(
        operator=payload["patch_type"],
        model=model,
        island=payload["island"],
        advice_id=payload.get("advice_id"),
        system_prompt_id=payload.get("system_prompt_id"),
        trials=trials,
        seconds=took,
        parent=payload["parent"],
        idea_id=payload.get("idea_id"),
    )


async def read_pulls(connection: AsyncConnection, evolution: str, generations: Collection[int] | None = None) -> Pulls:
    """The pulls of each generation in their order, or of some alone; the model is the one that answered, if any did."""
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
    if generations is not None:
        steps = steps.where(StepRow.generation.in_(generations))
        calls = calls.where(ModelCallRow.generation.in_(generations))
    trials = await _trials(connection, evolution, generations)
    answered = {(number, attempt): model for number, attempt, model in await connection.execute(calls)}
    sampled = {(number, attempt): payload for number, attempt, payload in await connection.execute(steps)}
    found: Pulls = {}
    for (number, attempt), payload in sampled.items():
        model = answered.get((number, attempt), payload["model"])
        pull = pull_of(payload, model, trials.get((number, attempt), ()))
        found[number] = (*found.get(number, ()), pull)
    return found


async def _trials(
    connection: AsyncConnection, evolution: str, generations: Collection[int] | None
) -> dict[tuple[int, int], list[float]]:
    """The seconds of the evaluations on the way to candidates, by generation and sampling."""
    start, end = aliased(StepRow), aliased(StepRow)
    stage, seconds = start.payload["stage"].as_string(), end.payload["seconds"].as_float()
    same = and_(end.evolution == start.evolution, end.generation == start.generation, end.turn == start.turn)
    query = (
        select(start.generation, start.turn, stage, seconds)
        .join(end, and_(same, end.step == GenerationState.EVALUATED.value))
        .where(
            start.evolution == evolution,
            start.step == GenerationState.SUBMITTED.value,
            stage.startswith(TRIALS),
        )
        .order_by(start.id, end.id)  # of several the last counts
    )
    if generations is not None:
        query = query.where(start.generation.in_(generations))
    ended = {(number, turn): (name, took) for number, turn, name, took in await connection.execute(query)}
    found: dict[tuple[int, int], list[float]] = {}
    for (number, _), (name, took) in ended.items():
        found.setdefault((number, sampling_of_trial(name)), []).append(took or 0.0)
    return found
