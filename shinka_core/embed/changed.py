"""The parts in which two long texts differ, with the lines around them.

The vector of a long text hardly moves when a line of it changes: one constant in 10,000 lines leaves the cosine at
0.99998. So texts that are longer than a piece are compared by what is different in them.
"""

from __future__ import annotations

from collections import Counter

# Lines shown around a changed one.
CONTEXT = 3


def changed_parts(one: str, other: str, room: int) -> tuple[str, str]:
    """What stands in the one text and not in the other, and the reverse, each with its surroundings.

    Takes time in proportion to the length of the texts.

    Args:
        room: Characters up to which everything from the first difference to the last is kept.
    """
    before, after = one.split("\n"), other.split("\n")
    first, last = _common(before, after)
    start, ends = max(first - CONTEXT, 0), (len(before) - last, len(after) - last)
    middles = ("\n".join(before[start : ends[0] + CONTEXT]), "\n".join(after[start : ends[1] + CONTEXT]))
    if max(map(len, middles)) <= room:
        return middles
    mine, yours = before[first : ends[0]], after[first : ends[1]]
    parts = (_surplus(mine, yours), _surplus(yours, mine))
    return parts if any(parts) else middles  # the same lines in another order


def _common(before: list[str], after: list[str]) -> tuple[int, int]:
    """Lines that both begin with, and that both end with."""
    shorter = min(len(before), len(after))
    first = 0
    while first < shorter and before[first] == after[first]:
        first += 1
    last = 0
    while last < shorter - first and before[-1 - last] == after[-1 - last]:
        last += 1
    return first, last


def _surplus(lines: list[str], others: list[str]) -> str:
    """The lines that the others have less often, and their neighbours."""
    left = Counter(others)
    kept: dict[int, None] = {}
    for number, line in enumerate(lines):
        if left[line] > 0:
            left[line] -= 1
        else:
            kept.update(dict.fromkeys(range(max(number - CONTEXT, 0), min(number + CONTEXT + 1, len(lines)))))
    return "\n".join(lines[number] for number in kept)
