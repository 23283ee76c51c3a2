"""The change between two programs as a unified diff, for people to read."""

from __future__ import annotations

import difflib

from shinka_core.source import plain

CONTEXT = 3
# Lines of the changed part on both sides together; beyond this no lines are matched inside of it.
MATCHED = 4_000


def unified_diff(parent: str, code: str) -> str:
    """The change as a unified diff, `parent` to `candidate`.

    What is the same at the beginning and at the end takes no time worth speaking of, and where very
    many lines were changed they are shown as one change.
    """
    old, new = plain(parent).split("\n"), plain(code).split("\n")
    first = _common(old, new)
    last = _common(old[first:][::-1], new[first:][::-1])
    skip = max(first - CONTEXT, 0)
    keep = max(last - CONTEXT, 0)
    before, after = old[skip : len(old) - keep], new[skip : len(new) - keep]
    if len(before) + len(after) > MATCHED:
        return "\n".join(_as_one(before, after, first - skip, last - keep, skip))
    found = difflib.unified_diff(before, after, fromfile="parent", tofile="candidate", lineterm="")
    return "\n".join(_moved(line, skip) if line.startswith("@@ ") else line for line in found)


def _common(one: list[str], other: list[str]) -> int:
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count


def _as_one(before: list[str], after: list[str], first: int, last: int, skip: int) -> list[str]:
    return [
        "--- parent",
        "+++ candidate",
        f"@@ -{skip + 1},{len(before)} +{skip + 1},{len(after)} @@",
        *(f" {line}" for line in before[:first]),
        *(f"-{line}" for line in before[first : len(before) - last]),
        *(f"+{line}" for line in after[first : len(after) - last]),
        *(f" {line}" for line in before[len(before) - last :]),
    ]


def _moved(header: str, lines: int) -> str:
    """A hunk's header, so many lines further down."""
    parts = header.split(" ")
    for index in (1, 2):
        sign, numbers = parts[index][0], parts[index][1:].split(",")
        parts[index] = sign + ",".join([str(int(numbers[0]) + lines), *numbers[1:]])
    return " ".join(parts)
