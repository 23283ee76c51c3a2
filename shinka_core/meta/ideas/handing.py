"""What a sampling asks of ideas, and who can answer: the step of a run, or a record that is played again."""

from __future__ import annotations

from typing import Protocol

from shinka_core.program import Program


class Ideas(Protocol):
    """Whoever gives ideas to generations."""

    def has_for(self, generation: int) -> bool:
        """Whether there is an idea for a generation."""
        ...

    def hand_out(self, generation: int, best: Program) -> str | None:
        """Id of the idea of a generation that is to begin with the best program; None: there is none for it."""
        ...

    def put_aside(self, generation: int) -> None:
        """A generation has sampled without its idea, if it had any."""
        ...


class RecordedIdea:
    """Gives the next sampling what a recorded one was given.

    Attributes:
        given: Id of an idea, or None.
    """

    def __init__(self, given: str | None = None) -> None:
        self.given = given

    def has_for(self, generation: int) -> bool:
        """Whether the recorded sampling has one."""
        del generation
        return self.given is not None

    def hand_out(self, generation: int, best: Program) -> str | None:
        """That one."""
        del generation, best
        return self.given

    def put_aside(self, generation: int) -> None:
        """Nothing comes of it."""
