"""What a reviewer makes of a candidate before it is evaluated, or before it is recorded as the best."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shinka_core.source import Source


class Decision(StrEnum):
    """What a reviewer makes of a candidate."""

    ACCEPT = "accept"
    REJECT = "reject"
    HINT = "hint"
    EDIT = "edit"


@dataclass(frozen=True, slots=True)
class Review:
    """A reviewer's decision on a candidate.

    Attributes:
        text: Why it is rejected, or what the model is to do instead; told to the model. Of an edit the program.
        edited: The program that takes the candidate's place; made of an edit's text when that has passed the checks of every
            candidate.
    """

    decision: Decision
    text: str = ""
    edited: Source | None = None

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

    @classmethod
    def edit(cls, text: str) -> Review:
        """Another program is evaluated in its place, as `shinka_core.edit.by_hand.editable` shows one."""
        return cls(Decision.EDIT, text)

    @property
    def accepted(self) -> bool:
        """Whether a candidate is evaluated, be it as it was or edited."""
        return self.decision in (Decision.ACCEPT, Decision.EDIT)
