"""Fenced blocks of an answer, as CommonMark has them, and nested ones as models write them.

A fence is three or more backticks or tildes; any info string may follow it. It ends with a fence of the same
character that is at least as long, has nothing behind it and is hardly indented further: those in a docstring are
part of the program. Inside, a fence of the same kind *with* an info string opens one of its own: no renderer reads
it so, but whoever writes a Markdown program between fences of three backticks means it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

_FENCE = re.compile(r"([ \t]*)(`{3,}|~{3,})[ \t]*(.*?)[ \t]*$")
# Columns to the right of the opening fence from which on a fence is a part of what is inside.
DEEP = 4
_LANGUAGE = re.compile(r"[{.]*([\w+#-]+)")


@dataclass(frozen=True, slots=True)
class Fenced:
    """One fenced block.

    Attributes:
        info: What follows the opening fence.
        body: The lines inside, each with its line feed; the indentation of the fence is taken off.
        first: Number of the line with the opening fence, from 0.
        last: Number of the line with the closing one; of the last line when it is missing.
        closed: Whether the closing fence is there.
        nested: Whether there are fences inside that are no shorter.
    """

    info: str
    body: str
    first: int
    last: int
    closed: bool
    nested: bool

    @property
    def language(self) -> str:
        """The first word of the info string, in small letters."""
        match = _LANGUAGE.match(self.info)
        return match.group(1).lower() if match else ""


@dataclass(slots=True)
class _Open:
    indent: str
    fence: str
    info: str
    first: int
    depth: int = 1
    nested: bool = False
    lines: list[str] = field(default_factory=list[str])

    def close(self, last: int, *, closed: bool) -> Fenced:
        body = "".join(line + "\n" for line in self.lines)
        return Fenced(self.info, body, self.first, last, closed, self.nested)

    def take(self, line: str) -> None:
        """A line of the content, without the indentation that the fence has as well."""
        blanks = len(line) - len(line.lstrip(" \t"))
        self.lines.append(line[min(blanks, len(self.indent)) :] if line.startswith(self.indent[:blanks]) else line)


def find_fenced(lines: list[str]) -> list[Fenced]:
    """The outermost fenced blocks, in order.

    Args:
        lines: Without line ends.
    """
    found = _fenced(lines, DEEP)
    if found and not found[-1].closed:
        # A closing fence may have slipped to the right; this counts if it leaves nothing open.
        slipped = _fenced(lines, math.inf)
        return slipped if slipped[-1].closed else found
    return found


def _fenced(lines: list[str], deep: float) -> list[Fenced]:
    found: list[Fenced] = []
    inside: _Open | None = None
    for number, line in enumerate(lines):
        match = _FENCE.match(line)
        if match and match.group(2)[0] == "`" and "`" in match.group(3):
            match = None  # code in a line of prose, as in ```x = 1```
        if inside is None:
            if match:
                inside = _Open(match.group(1), match.group(2), match.group(3), number)
            continue
        if match and _width(match.group(1)) >= _width(inside.indent) + deep:
            match = None
        if match and match.group(2).startswith(inside.fence):
            if match.group(3):
                inside.depth += 1
                inside.nested = True
            else:
                inside.depth -= 1
                if inside.depth == 0:
                    found.append(inside.close(number, closed=True))
                    inside = None
                    continue
        inside.take(line)
    if inside is not None:
        found.append(inside.close(len(lines) - 1, closed=False))
    return found


def _width(blanks: str) -> int:
    return len(blanks.expandtabs(DEEP))


def fence_for(*texts: str) -> str:
    """A fence of backticks that is longer than any in the texts."""
    longest = max((len(match.group()) for text in texts for match in re.finditer("`{3,}", text)), default=2)
    return "`" * (longest + 1)


def has_fences(text: str) -> bool:
    """Whether a line of the text is a fence."""
    return ("```" in text or "~~~" in text) and any(_FENCE.match(line) for line in text.split("\n"))
