"""How many evaluations a run has spent on the way to candidates: a fold, so that a share of them can be kept to."""

from __future__ import annotations

import math

from shinka_core.record import Ended, Event, Pull, Recorded


class TrialCount:
    """Evaluations that are recorded, and those that samplings under way may still make.

    Attributes:
        evaluations: All that have ended: of programs, and of trials.
        trials: Those on the way to a candidate.
    """

    def __init__(self) -> None:
        self.evaluations = 0
        self.trials = 0
        self._under_way: dict[int, dict[int, int]] = {}

    def apply(self, event: Event) -> None:
        """Takes an event up."""
        match event:
            case Recorded():
                self.evaluations += 1
                self._ended(event.generation, event.pulls)
            case Ended():
                self._ended(event.generation, event.pulls)
            case _:
                pass

    def expect(self, generation: int, attempt: int, trials: int) -> None:
        """Takes note of trials that a sampling may make; the same attempt is told of once."""
        self._under_way.setdefault(generation, {})[attempt] = trials

    def allowed(self, most: int, share: float) -> int:
        """How many trials one more sampling may make, in [0, most].

        Args:
            share: Of all evaluations that may be trials, the candidate's own among the others.
        """
        if share >= 1:
            return most
        expected = sum(sum(attempts.values()) for attempts in self._under_way.values())
        trials = self.trials + expected
        evaluations = self.evaluations + expected + len(self._under_way) + 1
        return min(max(math.floor((share * evaluations - trials) / (1 - share) + 1e-9), 0), most)

    def left(self, evaluations: int) -> int:
        """Evaluations that are left of so many once all that is under way has had its own, and one more sampling too."""
        expected = sum(sum(attempts.values()) for attempts in self._under_way.values())
        return max(evaluations - self.evaluations - expected - len(self._under_way) - 1, 0)

    def _ended(self, generation: int, pulls: tuple[Pull, ...]) -> None:
        self._under_way.pop(generation, None)
        made = sum(pull.trials for pull in pulls)
        self.trials += made
        self.evaluations += made
