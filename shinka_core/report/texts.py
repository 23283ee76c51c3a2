"""Many texts that have most of their lines in common, each line stored once.

A prompt repeats its parent's program, a child its parent's lines: ten thousand of each come to a few megabytes so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class Lines:
    """A table of lines, and texts as runs in it.

    Attributes:
        size: Characters of all lines.
    """

    def __init__(self) -> None:
        self.size = 0
        self._lines: list[str] = []
        self._numbers: dict[str, int] = {}

    def add(self, text: str) -> list[int]:
        """A text as runs: first line and how many, first line and how many, ...; the same text gives the same runs."""
        runs: list[int] = []
        for number in self._numbered(text):
            if runs and runs[-2] + runs[-1] == number:
                runs[-1] += 1
            else:
                runs += (number, 1)
        return runs

    def _numbered(self, text: str) -> Iterator[int]:
        for line in text.split("\n"):
            number = self._numbers.get(line)
            if number is None:
                number = self._numbers[line] = len(self._lines)
                self._lines.append(line)
                self.size += len(line) + 1
            yield number

    def table(self) -> list[str]:
        """All lines by number."""
        return self._lines

    def text(self, runs: list[int]) -> str:
        """The text of runs."""
        firsts, counts = runs[::2], runs[1::2]
        return "\n".join(
            line for first, count in zip(firsts, counts, strict=True) for line in self._lines[first : first + count]
        )


def told(value: Any) -> str:
    """What an evaluator said, as a person reads it: a text as it is, anything else as `name: value` lines."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "\n".join(f"{name}: {one}" for name, one in value.items())  # pyright: ignore[reportUnknownVariableType]
    return "" if value is None else str(value)
