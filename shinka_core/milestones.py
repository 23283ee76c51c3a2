"""What of a run is worth an event that others act on: a new best, money, a standstill, an outage, the end.

A fold over the record. What is read back of earlier sessions is taken note of in silence, so that a resume tells
nothing twice; a process that is killed between a record and its event tells that one never.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from shinka_core.control import Change, RunControl
from shinka_core.record import Called, Ended, Event, Recorded

# Share of the budget whose use is told.
BUDGET_SHARE = 0.8


class Kind(StrEnum):
    """What an event is about."""

    BEST = "best"
    BUDGET = "budget"
    STAGNATION = "stagnation"
    OUTAGE = "outage"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class Milestone:
    """Something that happened once.

    Attributes:
        figures: What there is to say, as JSON.
        key: The same wherever the same thing is seen, so that several drivers of one evolution tell it once; "": that is
            seen by nobody else.
    """

    kind: Kind
    figures: dict[str, Any]
    key: str = ""


class Milestones:
    """Sees what happens, and tells one listener of what is worth it.

    Attributes:
        spent: US dollars of all calls.
    """

    def __init__(self, budget: float | None, stagnation: int | None) -> None:
        """Begins with nothing, and tells nobody.

        Args:
            budget: US dollars, or None for no bound.
            stagnation: Generations without a better score that are a standstill; None: none are.
        """
        self.spent = 0.0
        self._budget = budget
        self._stagnation = stagnation
        self._first = ""  # program: no other evolution has it
        self._best: tuple[float, int] | None = None
        self._idle = self._ended = self._ended_here = 0
        self._listener: Callable[[Milestone], None] | None = None

    def listen(self, listener: Callable[[Milestone], None] | None, control: RunControl) -> None:
        """Has somebody told from now on; None: nobody any more.

        Args:
            control: Of the run, which says when it stops and why.
        """
        first, self._listener = self._listener is None, listener
        if listener is not None and first:
            self._ended_here = 0
            control.listen(lambda change, why: self._stopping(change, why, control))

    def apply(self, event: Event) -> None:
        """Takes note of what happened."""
        match event:
            case Recorded(generation=generation) if generation >= 0:  # a seed program that was replaced has none
                self._count()
                self._first = self._first or event.program_id
                self._stand(generation, better=self._better(event))
            case Ended(generation=generation):
                self._count()
                self._stand(generation, better=False)
            case Called(cost=cost):
                self._saw_cost(cost or 0.0)
            case _:
                pass

    def over(self, stopped_early: str) -> None:
        """The run has come to its end; a run that was stopped has not, nor one in which nothing was left to do."""
        if not stopped_early and self._ended_here:
            score, generation = self._best or (None, None)
            self._tell(Kind.FINISHED, self._ended, score=score, generation=generation)

    def _better(self, event: Recorded) -> bool:
        if not event.correct or event.score is None or (self._best is not None and event.score <= self._best[0]):
            return False
        before, self._best = self._best, (event.score, event.generation)
        if event.generation > 0:  # the seed program was found by nobody
            self._tell(
                Kind.BEST,
                event.generation,
                score=event.score,
                previous=None if before is None else before[0],
                generation=event.generation,
                program=event.program_id,
            )
        return True

    def _count(self) -> None:
        self._ended += 1
        self._ended_here += 1

    def _stand(self, generation: int, *, better: bool) -> None:
        self._idle = 0 if better else self._idle + (generation > 0)
        if self._idle == self._stagnation and not better:
            score, of = self._best or (None, None)
            self._tell(Kind.STAGNATION, of, without=self._idle, score=score, generation=of)

    def _saw_cost(self, cost: float) -> None:
        before, self.spent = self.spent, self.spent + cost
        if self._budget is not None and before < BUDGET_SHARE * self._budget <= self.spent:
            self._tell(Kind.BUDGET, self._budget, budget=self._budget, share=BUDGET_SHARE)

    def _stopping(self, change: Change, why: str, control: RunControl) -> None:
        if change == "stopping" and control.outage:
            self._tell(Kind.OUTAGE, None, reason=why)

    def _tell(self, kind: Kind, which: float | None, **figures: Any) -> None:
        """Tells of one of its kind; `which` says of which, where others may see the same."""
        if self._listener is not None:
            key = f"{self._first} {kind} {which}" if self._first and kind is not Kind.OUTAGE else ""
            more = {"generations": self._ended, "spent": round(self.spent, 6)}
            self._listener(Milestone(kind, figures | more, key))
