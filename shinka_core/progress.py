"""What a run has done so far, for displays and reports."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field

from shinka_core.highlights import Highlights
from shinka_core.program import NO_REASON
from shinka_core.record import Called, Ended, Event, Recorded


@dataclass(slots=True)
class Progress:
    """Counters of one run: a fold over its record.

    Attributes:
        total: Generations to reach, the seed program not counted.
        started_at: Monotonic seconds when this process began with the run.
        resumed: Generations that had ended before, the seed program not counted.
        recorded: Generations that this process recorded, the seed program not counted.
        failed: Generations that failed in this process.
        correct: Correct programs of the whole evolution, as are `best_score`, `failures`, `cost` and `unpriced`.
        seed_error: Why the seed program is not correct, in the evaluator's words; "" when it is.
        cost: US dollars, as far as they are known.
        unpriced: Calls whose cost nobody knows; `cost` lacks them.
        first_sampled_at: Monotonic seconds of the first proposal, None before.
        last_recorded_at: Monotonic seconds of the last recorded or failed generation.
        highlights: Improvements of the whole evolution, and what went wrong last.
    """

    total: int
    started_at: float = field(default_factory=time.monotonic)
    resumed: int = 0
    recorded: int = 0
    failed: int = 0
    correct: int = 0
    best_score: float | None = None
    best_generation: int | None = None
    seed_score: float | None = None
    seed_error: str = ""
    cost: float = 0.0
    unpriced: int = 0
    failures: Counter[str] = field(default_factory=Counter[str])
    first_sampled_at: float | None = None
    last_recorded_at: float | None = None
    highlights: Highlights = field(default_factory=Highlights)

    @property
    def finished(self) -> int:
        """Generations that reached a final state."""
        return self.resumed + self.recorded + self.failed

    @property
    def seconds(self) -> float:
        """Since this process began with the run."""
        return time.monotonic() - self.started_at

    @property
    def rate(self) -> float:
        """Generations finished per second by this process; 0 before the first."""
        done = self.recorded + self.failed
        return done / self.seconds if done and self.seconds > 0 else 0.0

    @property
    def eta(self) -> float | None:
        """Seconds to the end at the present rate, or None while there is none."""
        return (self.total - self.finished) / self.rate if self.rate else None

    def saw_sampling(self) -> None:
        """Takes note that a proposal has begun."""
        if self.first_sampled_at is None:
            self.first_sampled_at = time.monotonic()

    def apply(self, event: Event) -> None:
        """Takes note of what happened."""
        self.highlights.apply(event)
        match event:
            case Recorded():
                self._see_program(event)
            case Ended(failure=failure):
                self.failed += 1
                self.failures[f"{failure.step}: {failure.reason}"] += 1
                self.last_recorded_at = time.monotonic()
            case Called(cost=cost):
                self.cost += cost or 0.0
                self.unpriced += cost is None
            case _:
                pass

    def take_up(self) -> None:
        """What was told so far was before this process."""
        self.resumed, self.recorded, self.failed = self.finished, 0, 0
        self.started_at, self.last_recorded_at = time.monotonic(), None

    def _see_program(self, event: Recorded) -> None:
        if event.generation == 0:
            self.seed_score = event.score
            self.seed_error = "" if event.correct else event.error or NO_REASON
        elif event.generation > 0:  # a seed program that was replaced is none of them
            self.recorded += 1
            self.last_recorded_at = time.monotonic()
        if event.generation >= 0:
            self.correct += event.correct
        if not event.correct or event.score is None:
            return
        if self.best_score is None or event.score > self.best_score:
            self.best_score, self.best_generation = event.score, event.generation
