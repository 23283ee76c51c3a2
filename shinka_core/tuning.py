"""When the best program's literals are tuned beside the proposals of models: a fold, and a rule on it.

Tuning and proposals are given evaluations in proportion to what one of each has gained lately (probability matching
of operators; D. Thierens: An adaptive pursuit strategy for allocating operator probabilities, GECCO 2005). Gains are those of
the run's best score, so that what is refined on a weak island pays for nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shinka_core.config.tuning import TuningSettings
from shinka_core.operators import TUNE
from shinka_core.record import Ended, Event, Pull, Recorded

# Share of each kind while neither has gained anything.
EQUAL = 0.5


@dataclass(slots=True)
class _Paid:
    """What evaluations of one kind have gained, older ones fading."""

    gain: float = 0.0
    evaluations: float = 0.0

    @property
    def rate(self) -> float:
        return self.gain / self.evaluations if self.evaluations else 0.0


class Tuning:
    """A fold over programs and ends of generations that knows when tuning is due."""

    def __init__(self, settings: TuningSettings) -> None:
        """Begins with nothing known."""
        self.settings = settings
        self._tuned, self._others = _Paid(), _Paid()
        self._best: float | None = None
        self._programs = 0
        self._under_way: set[int] = set()
        # Parent of the last tuning that gained nothing: the same program is not tuned again.
        self._in_vain = ""

    @property
    def share(self) -> float:
        """Of the evaluations that tuning is to be given now."""
        tuned, others = self._tuned.rate, self._others.rate
        both = tuned + others
        return min(max(tuned / both if both > 0 else EQUAL, self.settings.least), self.settings.most)

    @property
    def usual_gain(self) -> float:
        """What an evaluation of the other kind has gained lately."""
        return self._others.rate

    def due(self, best: str, room: int, rng: np.random.Generator) -> int:
        """How many trials the next proposal may make to tune this program, the best where it is made; 0: it does not.

        The share is one of evaluations, and a tuning takes many: so few proposals begin one. One at a time, since
        two of the same program find the same.

        Args:
            room: Trials that there is room for.
        """
        settings, trials = self.settings, min(self.settings.trials, room)
        if self._under_way or self._programs < settings.wait or best == self._in_vain:
            return 0
        if trials < min(settings.patience, settings.trials):
            return 0
        share = self.share
        begins = not self._tuned.evaluations or rng.random() < share / (share + (1 - share) * settings.trials)
        return trials if begins else 0

    def expect(self, generation: int, operator: str) -> None:
        """Takes note of what a proposal under way does."""
        if operator == TUNE:
            self._under_way.add(generation)

    def apply(self, event: Event) -> None:
        """Takes an event up."""
        match event:
            case Recorded():
                self._programs += 1
                self._ended(event.generation, event.pulls, self._gain(event), made=1)
            case Ended():
                self._ended(event.generation, event.pulls, 0.0, made=0)
            case _:
                pass

    def _gain(self, event: Recorded) -> float:
        if not event.correct or event.score is None:
            return 0.0
        before, self._best = self._best, event.score if self._best is None else max(self._best, event.score)
        return 0.0 if before is None else self._best - before

    def _ended(self, generation: int, pulls: Sequence[Pull], gain: float, made: int) -> None:
        self._under_way.discard(generation)
        for number, pull in enumerate(pulls, 1):
            last = number == len(pulls)
            evaluations, gained = pull.trials + (made if last else 0), gain if last else 0.0
            if pull.operator == TUNE and not gained:
                self._in_vain = pull.parent
            self._fade(evaluations)
            paid = self._tuned if pull.operator == TUNE else self._others
            paid.gain += gained
            paid.evaluations += evaluations

    def _fade(self, evaluations: int) -> None:
        left = math.exp(-evaluations / self.settings.memory)
        for paid in (self._tuned, self._others):
            paid.gain *= left
            paid.evaluations *= left
