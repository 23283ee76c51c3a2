"""The change between two programs as a unified diff, in time that grows with their length and no faster.

Lines that occur once on either side are matched first, as many as keep their order, then what lies between them in
the same way (Bram Cohen's patience diff). `difflib` alone takes time with the square of the length when every
second line has changed: 100 s for 20,000 lines.
"""

from __future__ import annotations

import difflib
import itertools
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator

from shinka_core.source import Source, SourceFile
from shinka_core.source_text import plain

# Pairs of lines between two matches up to which `difflib` looks for the best way.
SMALL_GAP = 10_000

Span = tuple[int, int, int, int]


def unified_diff(parent: Source, child: Source, names: tuple[str, str] = ("parent", "candidate")) -> str:
    """The change as a unified diff: of one file under these names, of a folder each changed file by its path."""
    if parent.single and child.single:
        return _file_diff(parent.text, child.text, *names)
    paths = sorted({file.path for file in (*parent.files, *child.files)})
    return "\n".join(shown for path in paths if (shown := _changed(path, parent.find(path), child.find(path))))


def _changed(path: str, old: SourceFile | None, new: SourceFile | None) -> str:
    if any(file is not None and file.is_data for file in (old, new)):
        return "" if old == new else f"Binary files a/{path} and b/{path} differ"
    names = (f"a/{path}" if old else "/dev/null", f"b/{path}" if new else "/dev/null")
    return _file_diff(old.text if old else "", new.text if new else "", *names)


def _file_diff(parent: str, child: str, old_name: str, new_name: str) -> str:
    before, after = _lines(parent), _lines(child)
    if before == after:
        return ""
    lines = [f"--- {old_name}", f"+++ {new_name}"]
    for group in _Matcher(before, after).get_grouped_opcodes():
        (_, first, _, start, _), (_, _, last, _, end) = group[0], group[-1]
        lines.append(f"@@ -{_range(first, last)} +{_range(start, end)} @@")
        for tag, old, old_end, new, new_end in group:
            if tag == "equal":
                lines += [f" {line}" for line in before[old:old_end]]
                continue
            lines += [f"-{line}" for line in before[old:old_end]]
            lines += [f"+{line}" for line in after[new:new_end]]
    return "\n".join(lines)


def _lines(text: str) -> list[str]:
    # Not splitlines: form feeds belong to their lines. Carriage returns are of no interest to who reads this.
    return plain(text).removesuffix("\n").split("\n")


def _range(start: int, end: int) -> str:
    """Lines as unified diffs count them."""
    length = end - start
    return f"{start + 1}" if length == 1 else f"{start + bool(length)},{length}"


class _Matcher(difflib.SequenceMatcher[str]):
    """The opcodes of `difflib` over other matches."""

    def __init__(self, before: list[str], after: list[str]) -> None:
        super().__init__(None, [], [])
        self.a, self.b = before, after
        self._before, self._after = before, after

    def get_matching_blocks(self) -> list[difflib.Match]:
        """Blocks in order; the last one is empty, as `difflib` has it."""
        blocks: list[list[int]] = []
        for old, new in sorted(_matches(self._before, self._after)):
            if blocks and blocks[-1][0] + blocks[-1][2] == old and blocks[-1][1] + blocks[-1][2] == new:
                blocks[-1][2] += 1
            else:
                blocks.append([old, new, 1])
        return [difflib.Match(*block) for block in [*blocks, [len(self._before), len(self._after), 0]]]


def _matches(before: list[str], after: list[str]) -> Iterator[tuple[int, int]]:
    """Pairs of equal lines, in order on both sides once they are sorted."""
    gaps: list[Span] = [(0, len(before), 0, len(after))]
    while gaps:
        first, last, start, end = gaps.pop()
        while first < last and start < end and before[first] == after[start]:
            yield first, start
            first, start = first + 1, start + 1
        while first < last and start < end and before[last - 1] == after[end - 1]:
            last, end = last - 1, end - 1
            yield last, end
        if first == last or start == end:
            continue
        if (last - first) * (end - start) <= SMALL_GAP:
            matcher = difflib.SequenceMatcher(None, before[first:last], after[start:end], autojunk=False)
            for block in matcher.get_matching_blocks():
                yield from ((first + block.a + n, start + block.b + n) for n in range(block.size))
            continue
        anchors = _anchors(before, after, (first, last, start, end))
        yield from anchors
        edges = [(first - 1, start - 1), *anchors, (last, end)]
        # Without anchors there would be the same gap again; lines that occur ever again are one change then.
        gaps += [(a + 1, c, b + 1, d) for (a, b), (c, d) in itertools.pairwise(edges) if anchors]


def _anchors(before: list[str], after: list[str], span: Span) -> list[tuple[int, int]]:
    """Lines that occur once on either side: the most of them that stand in the same order on both."""
    first, last, start, end = span
    counts, others = Counter(before[first:last]), Counter(after[start:end])
    places = {line: new for new, line in enumerate(after[start:end], start) if others[line] == counts[line] == 1}
    pairs = [(old, places[line]) for old, line in enumerate(before[first:last], first) if line in places]
    # The longest increasing subsequence: of all that are so long, the one that ends lowest.
    ends: list[int] = []
    tails: list[int] = []
    behind: list[int] = []
    for index, (_, new) in enumerate(pairs):
        length = bisect_left(ends, new)
        behind.append(tails[length - 1] if length else -1)
        ends[length : length + 1] = [new]
        tails[length : length + 1] = [index]
    chosen: list[tuple[int, int]] = []
    at = tails[-1] if tails else -1
    while at >= 0:
        chosen.append(pairs[at])
        at = behind[at]
    return chosen[::-1]
