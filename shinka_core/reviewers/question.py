"""What somebody is asked who reviews a candidate, and may be asked again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from shinka_core.program import Candidate, Evaluation, Review, Sampling, Verdict


@dataclass(frozen=True, slots=True)
class Question:
    """A candidate that waits for a decision.

    Attributes:
        subject: Which generation, sampling and question of the run it is; the same when it is asked again.
        folder: Of the generation, which may not be there yet; it may be written to.
        evaluation: What its evaluator said, where it was evaluated before the question.
        best: The best score so far; None while there is none.
        text: The program as it may be edited; the last edit, where that was refused.
        problem: Why the last answer was refused; "" the first time.
    """

    subject: str
    sampling: Sampling
    candidate: Candidate
    verdict: Verdict
    folder: Path
    evaluation: Evaluation | None = None
    best: float | None = None
    text: str = ""
    problem: str = ""


@runtime_checkable
class Interviewer(Protocol):
    """A reviewer that is told more, may edit the candidate, and is asked again when its edit is refused."""

    async def ask(self, question: Question) -> Review:
        """Looks at a candidate as `Reviewer.review` does."""
        ...
