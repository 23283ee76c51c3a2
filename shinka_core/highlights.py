"""What is worth a line of a run: every improvement and how it was made, and what went wrong last."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from shinka_core.errors import Blame
from shinka_core.record import Ended, Event, Pull, Recorded

# Of what went wrong; a display has room for fewer.
MOST_SETBACKS = 8


@dataclass(frozen=True, slots=True)
class Improvement:
    """A correct program with a higher score than all before it.

    Attributes:
        ended: How many generations had ended with it, the first one (0) among them.
        gain: Over the best before it; None for the first.
        pull: How it was proposed; None for a program that was given.
    """

    ended: int
    generation: int
    program_id: str
    score: float
    gain: float | None
    pull: Pull | None


@dataclass(frozen=True, slots=True)
class Setback:
    """A generation without a program, or one whose program is not correct.

    Attributes:
        step: At which it failed; `evaluate` for a program that is not correct.
        reason: A word for counting; `not_correct` for a program that is not correct.
        detail: The words of whoever failed, evaluator or provider or we; "" where they are not known, as of a program
            that an earlier process recorded.
        blame: Whose fault that is; None: the models' answers came to nothing.
    """

    generation: int
    step: str
    reason: str
    detail: str
    blame: Blame | None


@dataclass(slots=True)
class Highlights:
    """A fold over the record that keeps them; another thread may read it.

    Attributes:
        ended: Generations that have ended.
        improvements: In their order, of the whole evolution.
        setbacks: The last ones.
    """

    ended: int = 0
    improvements: list[Improvement] = field(default_factory=list[Improvement])
    setbacks: deque[Setback] = field(default_factory=lambda: deque[Setback](maxlen=MOST_SETBACKS))

    def apply(self, event: Event) -> None:
        """Takes note of what happened."""
        if isinstance(event, Ended):
            self.ended += 1
            why = event.failure
            self.setbacks.append(Setback(event.generation, why.step, why.reason, why.detail, event.blame))
        elif isinstance(event, Recorded):
            self.ended += event.generation >= 0
            self._see(event)

    def _see(self, event: Recorded) -> None:
        if not event.correct:
            self.setbacks.append(Setback(event.generation, "evaluate", "not_correct", event.error, Blame.CANDIDATE))
            return
        best = self.improvements[-1].score if self.improvements else None
        if event.score is None or (best is not None and event.score <= best):
            return
        self.improvements.append(
            Improvement(
                self.ended,
                event.generation,
                event.program_id,
                event.score,
                None if best is None else event.score - best,
                event.pulls[-1] if event.pulls else None,
            )
        )
