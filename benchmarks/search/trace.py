"""What a run is compared by: its evaluations, in the order in which they ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any

SHARES = (0.1, 0.25, 0.5, 0.75, 1.0)


@dataclass
class Trace:
    """One run.

    Attributes:
        scores: Of the seed program and of every evaluation after it.
        correct: Whether each was.
        digests: Of their texts.
        calls: Of the model.
    """

    system: str
    task: str
    seed: int
    scores: list[float] = field(default_factory=list[float])
    correct: list[bool] = field(default_factory=list[bool])
    digests: list[str] = field(default_factory=list[str])
    calls: int = 0
    extra: dict[str, Any] = field(default_factory=dict[str, Any])

    def __len__(self) -> int:
        """Evaluations after the seed program."""
        return len(self.scores) - 1

    def add(self, score: float, correct: bool, text: str) -> None:
        """Appends an evaluation."""
        self.scores.append(score)
        self.correct.append(correct)
        self.digests.append(digest(text))

    def best(self, evaluations: int) -> float:
        """The best correct score among the seed program and that many evaluations."""
        return best_of(self.scores, self.correct, evaluations)

    def as_json(self) -> dict[str, Any]:
        """For a line of the results."""
        return asdict(self)


def best_of(scores: Sequence[float], correct: Sequence[bool], evaluations: int) -> float:
    """The best correct score among the first `evaluations` + 1; minus infinity without one."""
    pairs = zip(scores[: evaluations + 1], correct[: evaluations + 1], strict=True)
    return max((score for score, fine in pairs if fine), default=float("-inf"))


def digest(text: str) -> str:
    """Names a text."""
    return sha256(text.strip().encode()).hexdigest()[:16]
