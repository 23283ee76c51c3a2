"""Reading SEARCH/REPLACE blocks.

    <<<<<<< SEARCH
    lines of the program
    =======
    lines to put in their place
    >>>>>>> REPLACE

Any length of marks from three on will do where the word stands beside them, and so do the marks of
other tools (`------- SEARCH`, `+++++++ REPLACE`, `<<<<<<< HEAD`, `<<<<<<< ORIGINAL`) and an opening
that points the wrong way (`>>>>>>> SEARCH`), as small models write it. A program may
hold lines that look like marks itself: then only longer ones are marks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from shinka_core.errors import PatchError

_OPENING = re.compile(
    r"[ \t]*(?:(<{3,})[ \t]*((?i:SEARCH))\b.*|(-{5,})[ \t]*(SEARCH)[ \t]*"
    r"|(<{5,})[ \t]+(HEAD|ORIGINAL|OLD|BEFORE|FIND)\b.*|(<{7,})[ \t]*|(>{5,})[ \t]*(SEARCH)[ \t]*)$"
)
_CLOSING = re.compile(
    r"[ \t]*(?:(>{5,})[ \t]*((?i:REPLACE))\b.*|(>{3,4}|\+{5,})[ \t]*(REPLACE)\b.*|(>{5,})(?:[ \t]+\S.{0,80})?[ \t]*)$"
)
_DIVIDER = re.compile(r"([ \t]*)(={3,})[ \t]*$")
_SHORTEST_DIVIDER = 5
_ESCAPED = re.compile(r"^[ \t]*(?:&lt;){3,}[ \t]*SEARCH\b", re.MULTILINE)
_LONE_SEARCH = re.compile(r"^\W{0,9}SEARCH(?: BLOCK)?\W{0,9}$", re.MULTILINE)
_LONE_REPLACE = re.compile(r"^\W{0,9}REPLACE(?: BLOCK| WITH)?\W{0,9}$", re.MULTILINE)
USUAL_LENGTH = 7
# Said where an answer has lost the form: a small model does not go back to where it was asked for.
AS_BLOCKS = "write each change as\n<<<<<<< SEARCH\nold lines\n=======\nnew lines\n>>>>>>> REPLACE"


@dataclass(frozen=True, slots=True)
class Edit:
    """One way to read a block: what to look for and what to put there, in lines without ends.

    Attributes:
        indented: Blanks before its marks.
    """

    search: tuple[str, ...]
    replace: tuple[str, ...]
    indented: int = 0


@dataclass(frozen=True, slots=True)
class Block:
    """One SEARCH/REPLACE block.

    Attributes:
        readings: One, or several when more than one line could be the divider.
        first: Number of its first line in the answer, from 0.
        last: Number of its last line.
    """

    readings: tuple[Edit, ...]
    first: int
    last: int


# Lines of a block that may be its divider: each is tried.
MOST_DIVIDERS = 30


def read_blocks(lines: list[str], parent: str) -> list[Block]:
    """The blocks of an answer, in order; none when it has no SEARCH line.

    Args:
        lines: Of the answer, without ends.
        parent: The program to change.

    Raises:
        PatchError: `truncated_answer` when a block is not finished, `divider_ambiguous`, and `wrong_markers` when the marks
            cannot be told from lines of the program.
    """
    floor = longest_mark(parent)
    blocks: list[Block] = []
    start: int | None = None
    opening: re.Match[str] | None = None
    for number, line in enumerate(lines):
        which = f"SEARCH block {len(blocks) + 1}"
        if opening is None or start is None:
            opening = _mark(_OPENING, line, floor)
            start = number
        elif _closes(opening, line, floor) and not _opens_another(lines, number, floor):
            blocks.append(Block(_readings(lines, start, number, which), start, number))
            opening = None
        elif _mark(_OPENING, line, floor) is not None:
            raise PatchError("truncated_answer", f"{which} has no >>>>>>> REPLACE line before the next SEARCH line")
    if opening is not None:
        raise PatchError(
            "truncated_answer",
            f"SEARCH block {len(blocks) + 1} is cut off: every block ends with a >>>>>>> REPLACE line",
        )
    if not blocks and floor and any(_OPENING.match(line) for line in lines):
        raise PatchError(
            "wrong_markers",
            f"the program itself holds lines that look like the marks of SEARCH/REPLACE blocks; use marks of "
            f"{floor + 2} characters",
        )
    return blocks


def refuse_other_marks(text: str) -> None:
    """Names what was used in place of the marks of SEARCH/REPLACE blocks.

    Raises:
        PatchError: `wrong_markers`.
    """
    if _ESCAPED.search(text):
        raise PatchError("wrong_markers", f"the marks are written as &lt; and &gt;; {AS_BLOCKS}")
    if (search := _LONE_SEARCH.search(text)) and _LONE_REPLACE.search(text, search.end()):
        raise PatchError("wrong_markers", f"the answer names SEARCH and REPLACE, but without their marks; {AS_BLOCKS}")


def longest_mark(text: str) -> int:
    """The length of the longest line of a program that looks like the mark of a block; 0 when none does."""
    if not any(mark in text for mark in ("SEARCH", "REPLACE", "<<<<<", ">>>>>")):
        return 0
    marks = (_OPENING.match(line) or _CLOSING.match(line) for line in text.split("\n"))
    return max((_length(match) for match in marks if match), default=0)


def marks_for(text: str) -> int:
    """The length of marks that no line of a program can be taken for."""
    dividers = (match for match in map(_DIVIDER.match, text.split("\n")) if match) if "===" in text else ()
    longest = max([longest_mark(text), *(len(match.group(2)) for match in dividers)])
    return USUAL_LENGTH if longest < _SHORTEST_DIVIDER else max(USUAL_LENGTH, longest + 2)


def _length(match: re.Match[str]) -> int:
    return max(len(group) for group in match.groups() if group and not group.isalpha())


def _mark(kind: re.Pattern[str], line: str, floor: int) -> re.Match[str] | None:
    match = kind.match(line)
    return match if match and (not floor or _length(match) > floor) else None


def _closes(opening: re.Match[str], line: str, floor: int) -> bool:
    match = _mark(_CLOSING, line, floor)
    if match is None:
        return False
    # Without its word it has to look like the other end of this very block.
    return bool(match.group(2) or match.group(4)) or (
        _length(match) >= USUAL_LENGTH and _length(match) == _length(opening) and not _points_back(opening)
    )


def _points_back(mark: re.Match[str]) -> bool:
    return mark.group().lstrip().startswith(">")


def _opens_another(lines: list[str], number: int, floor: int) -> bool:
    """Whether a `>>>>>>> SEARCH` inside of a block, which may end it, has an end of its own and so begins one."""
    if _mark(_OPENING, lines[number], floor) is None:
        return False
    for line in lines[number + 1 :]:
        if _mark(_OPENING, line, floor) is not None:
            return False
        if (match := _mark(_CLOSING, line, floor)) and (match.group(2) or match.group(4)):
            return True
    return False


def _readings(lines: list[str], start: int, end: int, which: str) -> tuple[Edit, ...]:
    opening, closing = lines[start], lines[end]
    found = [(number, match) for number in range(start + 1, end) if (match := _DIVIDER.match(lines[number]))]
    long = [(number, match) for number, match in found if len(match.group(2)) >= _SHORTEST_DIVIDER]
    found = long or found
    if not found:
        raise PatchError(
            "truncated_answer", f"{which} has no ======= line between what to find and what to put there; {AS_BLOCKS}"
        )
    shape = _shape(opening)
    if shape == _shape(closing):
        # Who writes both ends alike writes the divider like them.
        found = [pair for pair in found if (len(pair[1].group(1)), len(pair[1].group(2))) == shape] or found
    if len(found) > MOST_DIVIDERS:
        raise PatchError(
            "divider_ambiguous",
            f"{which} holds {len(found)} lines that may be its divider; make smaller edits, or longer marks all alike",
        )
    return tuple(
        Edit(tuple(lines[start + 1 : number]), tuple(lines[number + 1 : end]), indented=shape[0]) for number, _ in found
    )


def _shape(mark: str) -> tuple[int, int]:
    bare = mark.lstrip(" \t")
    return len(mark) - len(bare), len(bare) - len(bare.lstrip(bare[:1]))
