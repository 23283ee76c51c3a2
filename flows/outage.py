"""An outage or bad luck: whether generations that failed are done again, closed, or left open by a stop.

What fails for all is an outage, and no generation is used up by it: after some failures in a row the run stops
and leaves them open for a resume. What fails for one while others succeed is done again, and closed when it
fails alone again and again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from shinka_core.errors import Blame
from shinka_core.outcome import Failed, Outcome, Recorded, Rejected, SetAside
from shinka_core.program import Failure

# So many failures in a row mean an outage.
IN_A_ROW = 10
# So often a generation is tried before its failures are its own.
TRIES = 3

WORDS = {
    Blame.MODEL: "the models gave no answer",
    Blame.EVALUATOR: "evaluations could not be run",
    Blame.INFRASTRUCTURE: "what the run stands on failed",
    Blame.US: "something failed that nothing provides for",
}


@dataclass(frozen=True, slots=True)
class Ruling:
    """What follows from how a generation ended.

    Attributes:
        stop: Why the run should stop, or "".
        again: Generations to do again.
        closed: Generations that stay without a program, since their failures are their own.
    """

    stop: str = ""
    again: tuple[int, ...] = ()
    closed: tuple[tuple[int, SetAside], ...] = ()


@dataclass(slots=True)
class _Row:
    """Failures in a row of one party, and the open generations among them."""

    count: int = 0
    last: Failure | None = None
    aside: dict[int, SetAside] = field(default_factory=dict[int, SetAside])


class Outages:
    """Counts failures in a row by who is to blame."""

    def __init__(self) -> None:
        self._rows = {blame: _Row() for blame in WORDS}
        self._worked: set[Blame] = set()
        self._tries: Counter[int] = Counter()

    def saw(self, number: int, outcome: Outcome) -> Ruling:
        """Takes note of how a generation ended."""
        match outcome:
            case Recorded():
                return self._works(*WORDS)
            case Rejected():
                return self._works(Blame.MODEL)  # it answered, whatever it said
            case SetAside(failure, blame):
                self._tries[number] += 1
                self._rows[blame].aside[number] = outcome
                return self._fails(blame, failure)
            case Failed(failure, blame) if blame in WORDS:
                return self._fails(blame, failure)
            case _:
                return Ruling()

    def rest(self) -> Ruling:
        """What to do with the generations that failed last, when there are no others left to do."""
        again: list[int] = []
        closed: list[tuple[int, SetAside]] = []
        for blame, row in self._rows.items():
            for number, aside in list(row.aside.items()):
                if aside.answered and blame in self._worked:
                    closed.append((number, row.aside.pop(number)))
                elif not aside.answered and self._tries[number] < TRIES:
                    again.append(number)
                    del row.aside[number]
        if again:
            return Ruling(again=tuple(again), closed=tuple(closed))
        stops = [self._why(blame) for blame, row in self._rows.items() if row.aside]
        return Ruling(stop="; ".join(stops), closed=tuple(closed))

    def _works(self, *parties: Blame) -> Ruling:
        again: list[int] = []
        closed: list[tuple[int, SetAside]] = []
        for blame in parties:
            self._worked.add(blame)
            for number, aside in self._rows[blame].aside.items():
                if aside.answered or self._tries[number] >= TRIES:
                    closed.append((number, aside))
                else:
                    again.append(number)
            self._rows[blame] = _Row()
        return Ruling(again=tuple(again), closed=tuple(closed))

    def _fails(self, blame: Blame, failure: Failure) -> Ruling:
        row = self._rows[blame]
        row.count += 1
        row.last = failure
        return Ruling(stop=self._why(blame) if row.count >= IN_A_ROW else "")

    def _why(self, blame: Blame) -> str:
        row = self._rows[blame]
        assert row.last is not None, "it has failed"
        times = f"{row.count} times in a row" if row.count > 1 else "the last time"
        return f"{WORDS[blame]} {times}; last: {row.last.step}: {row.last.reason}: {row.last.detail}"
