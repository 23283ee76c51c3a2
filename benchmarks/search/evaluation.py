"""Programs scored inside the process, remembered by their text: baselines and seeds often repeat each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

from benchmarks.search.tasks import TASKS, Task


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an evaluation.

    Attributes:
        score: 0.0 where the program is not correct.
    """

    score: float
    correct: bool


@dataclass
class Scorer:
    """Scores the programs of a task."""

    task: Task
    known: dict[str, Result] = field(default_factory=dict[str, Result])

    def evaluate(self, text: str) -> Result:
        """Runs a program and scores it; one that fails in any way is not correct."""
        if text not in self.known:
            score, problem = self.task.measured(text)
            self.known[text] = Result(score, problem is None)
        return self.known[text]


@cache
def scorer(name: str) -> Scorer:
    """The scorer of the task of that name."""
    return Scorer(TASKS[name])
