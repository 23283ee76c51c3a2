"""Whether the best score of a run stands still: a fold over its record."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from shinka_core.record import Event, Recorded


@dataclass(frozen=True, slots=True)
class Step:
    """A program that raised the best score of the run, and by how much."""

    sequence: int
    generation: int
    gain: float


class Stagnation:
    """Which of the last evaluations improved the run's best.

    Attributes:
        steps: All that did, the oldest first.
        sequence: Of the newest program.
        best: The best score so far; None while nothing is correct.
    """

    def __init__(self, window: int, threshold: float) -> None:
        """Begins with nothing.

        Args:
            window: Evaluations that are looked at.
            threshold: Share of improvements below which the best stands still.
        """
        self.sequence = 0
        self.best: float | None = None
        self.steps: list[Step] = []
        self._improved: deque[bool] = deque(maxlen=window)
        self._threshold = threshold

    @property
    def stands_still(self) -> bool:
        """Whether a whole window has improved too little on a best that there is."""
        full = len(self._improved) == self._improved.maxlen
        return full and self.best is not None and sum(self._improved) < self._threshold * len(self._improved)

    def apply(self, event: Event) -> None:
        """Takes an event up; the seed program is no improvement on anything."""
        if not isinstance(event, Recorded):
            return
        self.sequence = event.sequence
        fit, before = event.score if event.correct else None, self.best
        improves = fit is not None and (before is None or fit > before)
        if event.generation > 0:
            self._improved.append(improves)
        if fit is None or not improves:
            return
        if before is not None:
            self.steps.append(Step(event.sequence, event.generation, fit - before))
        self.best = fit
