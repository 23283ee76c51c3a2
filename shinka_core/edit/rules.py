"""What the settings allow a change to be."""

from __future__ import annotations

from dataclasses import dataclass

# A program larger than this comes from a model that repeats itself.
MAX_PROGRAM = 1_000_000


@dataclass(frozen=True, slots=True)
class Rules:
    """What an answer may make of its parent.

    Attributes:
        limit: Characters that the program may have.
        python: Interpreter that runs the program, when it is not this one; asked about syntax that this one
            refuses, which takes a process.
        new_files: Whether files may be added to a program that is a folder.
    """

    limit: int = MAX_PROGRAM
    python: str | None = None
    new_files: bool = False


STANDARD = Rules()
