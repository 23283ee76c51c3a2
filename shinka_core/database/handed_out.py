"""Which generations have sampled with an idea, and what came of it, as the record tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.schema import GenerationRow, IdeaRow, ProgramRow, StepRow
from shinka_core.program import GenerationState


@dataclass(frozen=True, slots=True)
class HandedOut:
    """A generation that has an idea.

    Attributes:
        bar: Score of the parent with which it last sampled the idea.
        carried: Whether its last sampling shows it.
        ended: Whether the generation has.
        score: Of the correct program that was made with the idea shown.
    """

    generation: int
    idea_id: str
    bar: float | None
    carried: bool
    ended: bool
    score: float | None


@dataclass(frozen=True, slots=True)
class IdeaSummary:
    """An idea and what came of it.

    Attributes:
        asked_at: How many programs were recorded when it was asked for.
        generations: That were given it.
        gain: By how much the best of its programs beat the best of its time; None while no correct one came of it.
    """

    title: str
    asked_at: int
    generations: tuple[int, ...] = ()
    gain: float | None = None


async def summarise_ideas(connection: AsyncConnection, evolution: str) -> list[IdeaSummary]:
    """All ideas of an evolution, in the order in which they were written."""
    rows = await connection.execute(
        select(IdeaRow.id, IdeaRow.text, IdeaRow.created_after)
        .where(IdeaRow.evolution == evolution)
        .order_by(IdeaRow.id)
    )
    written = rows.all()
    tries: dict[str, list[HandedOut]] = {}
    for one in await read_handed_out(connection, evolution) if written else ():
        tries.setdefault(one.idea_id, []).append(one)
    found: list[IdeaSummary] = []
    for name, text, asked_at in written:
        mine = tries.get(name, [])
        gains = [one.score - one.bar for one in mine if one.score is not None and one.bar is not None]
        generations = tuple(one.generation for one in mine)
        found.append(IdeaSummary(text.partition("\n")[0], asked_at, generations, max(gains, default=None)))
    return found


async def read_handed_out(connection: AsyncConnection, evolution: str) -> list[HandedOut]:
    """All of them, by generation."""
    samplings = await _samplings(connection, evolution)
    with_idea = {number for number, payload in samplings if "idea_id" in payload}
    if not with_idea:
        return []
    last: dict[int, dict[str, Any]] = {}
    shown: dict[int, dict[str, Any]] = {}
    for number, payload in samplings:
        if number in with_idea:
            last[number] = payload
            if "idea_id" in payload:
                shown[number] = payload
    bars = await _scores(connection, {payload["parent"] for payload in shown.values()})
    states = await connection.execute(
        select(GenerationRow.number, GenerationRow.state).where(
            GenerationRow.evolution == evolution, GenerationRow.number.in_(with_idea)
        )
    )
    ended = {number for number, state in states if GenerationState(state).final}
    made = await connection.execute(
        select(ProgramRow.generation, ProgramRow.score).where(
            ProgramRow.evolution == evolution, ProgramRow.idea_id.is_not(None), ProgramRow.correct
        )
    )
    scores: dict[int, float | None] = {number: score for number, score in made}  # noqa: C416 - rows are no pairs
    return [
        HandedOut(
            number,
            payload["idea_id"],
            bars.get(payload["parent"]),
            "idea_id" in last[number],
            number in ended,
            scores.get(number),
        )
        for number, payload in sorted(shown.items())
    ]


async def _samplings(connection: AsyncConnection, evolution: str) -> list[tuple[int, dict[str, Any]]]:
    """In the order of attempts; of several at one place the last counts."""
    rows = await connection.execute(
        select(StepRow.generation, StepRow.payload)
        .where(StepRow.evolution == evolution, StepRow.step == GenerationState.SAMPLED.value)
        .order_by(StepRow.generation, StepRow.attempt, StepRow.id)
    )
    return [(number, payload) for number, payload in rows]


async def _scores(connection: AsyncConnection, programs: set[str]) -> dict[str, float]:
    rows = await connection.execute(
        select(ProgramRow.id, ProgramRow.score).where(ProgramRow.id.in_(programs), ProgramRow.score.is_not(None))
    )
    return {name: score for name, score in rows if score is not None}
