"""What a reviewer makes of a candidate before it is evaluated."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Decision(StrEnum):
    """What a reviewer makes of a candidate."""

    ACCEPT = "accept"
    REJECT = "reject"
    HINT = "hint"


@dataclass(frozen=True, slots=True)
class Review:
    """A reviewer's decision on a candidate.

    Attributes:
        text: Why it is rejected, or what the model is to do instead; told to the model.
    """

    decision: Decision
    text: str = ""

    @classmethod
    def accept(cls) -> Review:
        """The candidate is evaluated."""
        return cls(Decision.ACCEPT)

    @classmethod
    def reject(cls, reason: str) -> Review:
        """It is not, and the model is told why."""
        return cls(Decision.REJECT, reason)

    @classmethod
    def hint(cls, text: str) -> Review:
        """It is not yet: the model is asked to change it."""
        return cls(Decision.HINT, text)

    @property
    def accepted(self) -> bool:
        """Whether the candidate is evaluated."""
        return self.decision is Decision.ACCEPT
