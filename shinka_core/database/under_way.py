"""Proposals under way when an evolution is taken up: they count as before, whichever process chose them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.journal import FINAL
from shinka_core.database.schema import GenerationRow, StepRow
from shinka_core.database.values import ENDED
from shinka_core.population.state import Population
from shinka_core.program import GenerationState
from shinka_core.record import Ended, Event, Joined, Recorded, Retired, Spawned
from shinka_core.seeds import BOOTSTRAP


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A sampling of a generation that has not ended."""

    generation: int
    attempt: int
    parent: str
    island: int
    operator: str
    model: str
    trials: int
    system_prompt_id: str | None = None


@dataclass(frozen=True, slots=True)
class LeftOff:
    """Where the processes before left an evolution.

    Attributes:
        samplings: Of generations that have not ended, in the order in which they were made; seed programs that are
            written are none of them: nothing was chosen for those.
        last: The generation that sampled last of all; 0 where none has.
        known: How many ends that one knew of: what followed from those (moves, islands) is recorded, since it was
            written before. None where that is not told.
        reached: Share of the run that it knew to be over, where that is more than a share of the generations.
    """

    samplings: list[UnderWay]
    last: int = 0
    known: int | None = None
    reached: float | None = None

    def progress(self, generations: int | None) -> float:
        """Share of the run that had ended when the last sampling was made, in [0, 1]; as near as an older version tells."""
        if self.reached is not None:
            return self.reached
        done = self.last if self.known is None else self.known
        return min(done / (generations or done or 1), 1.0)


async def read_left_off(connection: AsyncConnection, evolution: str) -> LeftOff:
    """Reads it from the steps."""
    proposed = StepRow.payload["patch_type"].as_string() != BOOTSTRAP
    sampled = (StepRow.evolution == evolution, StepRow.step == GenerationState.SAMPLED.value, proposed)
    rows = await connection.execute(
        select(StepRow.generation, StepRow.attempt, StepRow.payload)
        .join(
            GenerationRow,
            (GenerationRow.evolution == StepRow.evolution) & (GenerationRow.number == StepRow.generation),
        )
        .where(*sampled, GenerationRow.state.not_in(FINAL))
        .order_by(StepRow.id)
    )
    found = [
        UnderWay(
            number,
            attempt,
            payload["parent"],
            payload["island"],
            payload["patch_type"],
            payload["model"],
            payload.get("trials") or 0,
            payload.get("system_prompt_id"),
        )
        for number, attempt, payload in rows
    ]
    last = (
        await connection.execute(
            select(StepRow.generation, StepRow.payload).where(*sampled).order_by(StepRow.id.desc()).limit(1)
        )
    ).first()
    return (
        LeftOff(found)
        if last is None
        else LeftOff(found, last.generation, last.payload.get(ENDED), last.payload.get("progress"))
    )


def expect_again(population: Population, under_way: Iterable[UnderWay]) -> None:
    """Counts the proposals under way as their parents' children, as the process did that chose them."""
    for sampling in under_way:
        parent = population.find(sampling.parent)
        if parent is not None:  # a seed program that is evaluated again is gone
            population.expect_child(sampling.generation, parent, sampling.island)


def parted(events: list[Event], known: int | None) -> tuple[list[Event], list[Event]]:
    """The record up to so many ends with all that followed from them, and what comes after; None: all of it."""
    ends = [at for at, event in enumerate(events) if isinstance(event, Recorded | Ended)]
    cut = len(events) if known is None or known >= len(ends) else ends[known]
    return events[:cut], events[cut:]


def followed(events: Iterable[Event]) -> set[int]:
    """After how many programs something became of islands."""
    return {event.after for event in events if isinstance(event, Joined | Spawned | Retired)}
