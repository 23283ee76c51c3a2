"""What came of proposals by what their prompts showed: a fold over the record, like every other.

Scores of tasks have no common scale, and late in a run hardly any program is better than its parent. So a program
counts by its place among those that were recorded shortly before it: the share of the last `WINDOW` programs whose
gain over their parent was smaller, half of the equal ones included. 0.5 is what the run does by itself, early and
late. A program that is not correct gained less than all that are; a pull that came to no program has place 0.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections import Counter, deque
from dataclasses import dataclass

from shinka_core.errors import Blame
from shinka_core.record import Ended, Event, Pull, Recorded

WINDOW = 100
AVERAGE = 0.5


@dataclass(frozen=True, slots=True)
class Merit:
    """What came of the proposals whose prompts showed one piece of guidance, or none.

    Attributes:
        uses: Of them, those whose end is known.
        total: Of their places, each in [0, 1].
    """

    uses: int = 0
    total: float = 0.0

    @property
    def mean(self) -> float | None:
        """Of their places; None without any."""
        return self.total / self.uses if self.uses else None


class Merits:
    """A fold: the merit of each piece of advice and of each system prompt."""

    def __init__(self) -> None:
        self._advice: dict[str | None, Merit] = {}
        self._prompts: dict[str | None, Merit] = {}
        self._last = deque[float]()
        self._ranked: list[float] = []  # the same, by size
        self._scores: dict[str, float] = {}
        self._under_way: dict[int, dict[int, str]] = {}

    def of_advice(self, name: str | None) -> Merit:
        """Of a piece of advice; None: of the prompts that showed none."""
        return self._advice.get(name, Merit())

    def of_prompt(self, name: str | None) -> Merit:
        """Of a system prompt; None: of the prompts without one of their own."""
        return self._prompts.get(name, Merit())

    def of_prompts(self) -> dict[str | None, Merit]:
        """Of each system prompt that was tried, as it is known now."""
        return dict(self._prompts)

    def expect(self, generation: int, attempt: int, prompt: str | None) -> None:
        """Takes note of a system prompt whose outcome comes later; the same attempt is told of once."""
        if prompt is not None:
            self._under_way.setdefault(generation, {})[attempt] = prompt

    def under_way(self) -> Counter[str]:
        """How often each system prompt is being tried."""
        return Counter(name for attempts in self._under_way.values() for name in attempts.values())

    def apply(self, event: Event) -> None:
        """Takes an event up."""
        match event:
            case Recorded():
                self._under_way.pop(event.generation, None)
                if event.parent_id is not None:
                    self._count(event.pulls, self._place(self._gain(event)))
                if event.correct and event.score is not None:
                    self._scores[event.program_id] = event.score
            case Ended():
                self._under_way.pop(event.generation, None)
                if event.blame in (None, Blame.CANDIDATE):
                    self._count(event.pulls, 0.0)
            case _:
                pass

    def _gain(self, event: Recorded) -> float:
        """Over the parent; nothing where that has no score, as a repaired program neither gains nor loses."""
        if not event.correct or event.score is None:
            return -math.inf
        parent = self._scores.get(event.parent_id or "")
        return 0.0 if parent is None else event.score - parent

    def _place(self, gain: float) -> float:
        """Its place among the last gains, of which it is one from now on."""
        ranked, last = self._ranked, self._last
        place = (bisect_left(ranked, gain) + bisect_right(ranked, gain)) / 2 / len(ranked) if ranked else AVERAGE
        if len(last) == WINDOW:
            del ranked[bisect_left(ranked, last.popleft())]
        last.append(gain)
        insort(ranked, gain)
        return place

    def _count(self, pulls: tuple[Pull, ...], last: float) -> None:
        """The last pull made what came of it, those before it nothing."""
        for number, pull in enumerate(pulls, 1):
            place = last if number == len(pulls) else 0.0
            for merits, name in ((self._advice, pull.advice_id), (self._prompts, pull.system_prompt_id)):
                known = merits.get(name, Merit())
                merits[name] = Merit(known.uses + 1, known.total + place)
