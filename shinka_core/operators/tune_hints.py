"""What comments say about the literals on their lines: `tune: 0.1..10 log`, `choices: "a" | "b"`, `tune: off`."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_COMMENT = r"(?P<code>.*?)(?:\#|//|--|%|;|!|/\*)\s*"
_RANGE = re.compile(_COMMENT + rf"tune:\s*(?P<low>{_NUMBER})\s*\.\.\s*(?P<high>{_NUMBER})(?P<log>\s+log\b)?")
_OFF = re.compile(_COMMENT + r"tune:\s*off\b")
_CHOICES = re.compile(_COMMENT + r"choices:\s*(?P<choices>[^|]+(?:\|[^|]+)+)")


@dataclass(frozen=True, slots=True)
class Hint:
    """A hint for the literals of one line.

    Attributes:
        code: What stands before the comment.
        low, high: The numbers on the line that lie in this range are to be moved in it.
        log: In steps that multiply.
        choices: Texts, one of which stands on the line and can be any other.
        off: Nothing on the line is to be moved.
    """

    code: str
    low: float = -math.inf
    high: float = math.inf
    log: bool = False
    choices: tuple[str, ...] = ()
    off: bool = False

    @property
    def ranged(self) -> bool:
        """Whether it gives a range."""
        return self.high < math.inf


def hint_of(line: str) -> Hint | None:
    """The hint in a line, or None; what is none in form or sense (a range from 5 to 1) is taken for prose."""
    if "tune:" in line:
        if found := _OFF.match(line):
            return Hint(found["code"], off=True)
        found = _RANGE.match(line)
        if found is None:
            return None
        low, high, log = float(found["low"]), float(found["high"]), found["log"] is not None
        sound = math.isfinite(low) and math.isfinite(high) and low < high and (low > 0 or not log)
        return Hint(found["code"], low, high, log) if sound else None
    if "choices:" in line and (found := _CHOICES.match(line)):
        choices = tuple(dict.fromkeys(part.strip() for part in found["choices"].removesuffix("*/").split("|")))
        if all(choices) and len(choices) > 1:
            return Hint(found["code"], choices=choices)
    return None


def place_of_choice(hint: Hint) -> tuple[int, int] | None:
    """Where in the line one of the choices stands by itself; the first one, and the longest of those that begin there."""
    pattern = "|".join(re.escape(choice) for choice in sorted(hint.choices, key=len, reverse=True))
    found = re.search(rf"(?<![\w.])(?:{pattern})(?![\w.])", hint.code)
    return None if found is None else found.span()
