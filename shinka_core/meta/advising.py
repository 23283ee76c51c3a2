"""Advice: what was learned from programs so far, written by a model now and then and shown to those that propose.

Who writes it, and in which steps, is an adviser; when it is due, from what it is written and how it is kept is here.
All that one turn writes is in force from the moment when it is stored, until the next turn's is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from shinka_core.database.guidance import Written
from shinka_core.database.tried import History
from shinka_core.errors import ModelError, UnusableAnswerError
from shinka_core.meta.merits import Merits
from shinka_core.meta.points import AT, NOTES, NUMBER, OF, place_of, points_in_force, points_of
from shinka_core.meta.report import write_advice
from shinka_core.periodic import OpenRun
from shinka_core.registry import Registry

# The name of the step in the record.
NAME = "advice"
# Programs back to which a turn looks at most.
FARTHEST = 500


@dataclass(frozen=True, slots=True)
class Turn:
    """What an adviser has to go by.

    Attributes:
        recorded: Programs that were recorded when the turn became due: it names its questions.
        tried: Since the turn before.
        before: What is in force.
        notes: What the turn before kept for this one.
    """

    run: OpenRun
    recorded: int
    tried: History
    before: tuple[str, ...] = ()
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Advice:
    """What a turn comes to.

    Attributes:
        points: Each proposal is shown one of them.
        notes: For the next turn; shown to nobody.
    """

    points: tuple[str, ...]
    notes: str = ""


class Adviser(Protocol):
    """Writes advice.

    Attributes:
        every: Programs between two turns.
        share: Of the proposals, those that are shown advice, in [0, 1].
    """

    every: int
    share: float

    async def write(self, turn: Turn) -> Advice:
        """What is to be shown from now on. Asks with `shinka_core.meta.asking.ask`, so that nothing is asked twice.

        Raises:
            ShinkaError: Nothing comes of it this time; what was in force stays so.
        """
        ...


ADVISERS: Registry[Adviser] = Registry("adviser", "shinka.advisers", ("write",))


def nothing_said(what: str, model: str) -> ModelError:
    """The error of an answer that says nothing."""
    return UnusableAnswerError(f"the answer holds no {what}", model=model)


class Advising:
    """The periodic step: has advice written, and knows what is in force."""

    def __init__(self, adviser: Adviser, merits: Merits) -> None:
        """Begins without any."""
        self._adviser = adviser
        self._merits = merits
        self.written: list[Written] = []

    @property
    def share(self) -> float:
        """Of the proposals, those that are shown advice."""
        return self._adviser.share

    @property
    def in_force(self) -> tuple[Written, ...]:
        """The points of the last turn that is stored as a whole."""
        return points_in_force(self.written)

    def due(self, recorded: int) -> bool:
        """At each multiple."""
        return recorded > 0 and recorded % self._adviser.every == 0

    async def open(self, run: OpenRun) -> None:
        """Reads what is written."""
        self.written = await run.database.guidance.advice.all()

    async def run_at(self, run: OpenRun, recorded: int) -> None:
        """One turn; what of it is stored already is neither asked nor stored again.

        Raises:
            ShinkaError: Nothing comes of it.
        """
        stored = points_of(self.written, recorded)
        if stored and len(stored) == place_of(stored[0]).of:
            return
        before = points_in_force([one for one in self.written if place_of(one).recorded < recorded])
        since = place_of(before[0]).recorded if before else 0
        guidance = run.database.guidance
        tried = await guidance.history(max(since, recorded - FARTHEST), recorded)
        notes = str(before[0].details.get(NOTES, "")) if before else ""
        advice = await self._adviser.write(Turn(run, recorded, tried, tuple(one.text for one in before), notes))
        there = {place_of(one).number for one in stored}
        for number, text in enumerate(advice.points):
            if number not in there:
                details = {AT: recorded, NUMBER: number, OF: len(advice.points)}
                kept = {NOTES: advice.notes} if number == 0 and advice.notes else {}
                self.written.append(await guidance.advice.add(text, details=details | kept))
        await self.report(run)

    async def report(self, run: OpenRun) -> None:
        """Writes `advice.md`, and stores with each point what came of it so far."""
        await write_advice(run.settings.results_dir, run.database.guidance.advice, self._merits)
