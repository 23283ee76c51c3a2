"""Unified diffs in answer to a request for SEARCH/REPLACE blocks: the same change in another format.

Line numbers and counts are not looked at: models count badly. Each hunk is an edit that has to fit
by its text alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from shinka_core.edit.diff import apply_edits
from shinka_core.edit.fences import Fenced
from shinka_core.edit.search_replace import Edit
from shinka_core.errors import PatchError

LANGUAGES = frozenset({"diff", "patch", "udiff", "unified-diff"})
_HUNK = re.compile(r"@@(?:[ \t].*)?(?:@@.*)?$")
_OLD_FILE, _NEW_FILE = re.compile(r"--- ?\S"), re.compile(r"\+\+\+ ?\S")
_PREAMBLE = re.compile(r"(?:diff --git |index [0-9a-f]|new file mode|deleted file mode|similarity index|rename (?:from|to) |old mode|new mode)")  # fmt: skip
_OTHER_PATCH = re.compile(r"^\*\*\* (?:Begin Patch|Update File)", re.MULTILINE)
_TAGGED = re.compile(r"^[ \t]*<(?:search|find|old|old_str|old_string)>", re.MULTILINE | re.IGNORECASE)
ASK_FOR_BLOCKS = "write each change as a SEARCH/REPLACE block"


@dataclass(frozen=True, slots=True)
class Diff:
    """A unified diff in an answer.

    Attributes:
        lines: Up to where it ends.
        fenced: Whether a fence says where that is; otherwise it is the end of the answer.
    """

    lines: list[str]
    fenced: bool


def find_diff(lines: Sequence[str], fenced: Sequence[Fenced]) -> Diff | None:
    """The unified diff in an answer; None when it holds none."""
    marked = [block for block in fenced if block.language in LANGUAGES or _begins_like_a_diff(block.body)]
    if marked:
        return Diff("".join(block.body for block in marked).split("\n")[:-1], fenced=True)
    inside = {number for block in fenced for number in range(block.first, block.last + 1)}
    for number in range(len(lines) - 1):
        if number in inside or not _OLD_FILE.match(lines[number]) or not _NEW_FILE.match(lines[number + 1]):
            continue
        if any(_HUNK.match(line) for line in lines[number + 2 : number + 4]):
            return Diff(list(lines[number:]), fenced=False)
    return None


def apply_diff(code: str, diff: Diff, language: str) -> str:
    """Applies the hunks of a unified diff.

    Raises:
        PatchError: `wrong_format`, with the format named, when a hunk does not fit by its text.
    """
    hunks = _hunks(diff)
    if not hunks:
        raise PatchError("wrong_format", f"the answer is a diff without hunks; {ASK_FOR_BLOCKS}")
    if any(not any(line.strip() for line in hunk.search) for hunk in hunks):
        raise PatchError(
            "wrong_format", f"a hunk of the unified diff has no line to find its place by; {ASK_FOR_BLOCKS}"
        )
    try:
        return apply_edits(code, [[hunk] for hunk in hunks], language, "hunk")
    except PatchError as error:
        if error.reason not in ("search_not_found", "search_ambiguous", "indentation"):
            raise
        raise PatchError(
            "wrong_format", f"the answer is a unified diff, which does not fit: {error}; {ASK_FOR_BLOCKS}"
        ) from error


def refuse_other_formats(text: str) -> None:
    """Names a format that is neither blocks nor a diff.

    Raises:
        PatchError: `wrong_format`.
    """
    if _OTHER_PATCH.search(text):
        raise PatchError(
            "wrong_format", f"the answer is in the format of a patch tool (*** Begin Patch); {ASK_FOR_BLOCKS}"
        )
    if _TAGGED.search(text):
        raise PatchError(
            "wrong_format", f"the answer puts its changes between tags (<search>, <replace>); {ASK_FOR_BLOCKS}"
        )


def _begins_like_a_diff(body: str) -> bool:
    lines = [line for line in body.split("\n")[:8] if line.strip()]
    headed = any(_OLD_FILE.match(one) and _NEW_FILE.match(two) for one, two in pairwise(lines))
    return headed or bool(lines and lines[0].startswith("@@ -"))


def _hunks(diff: Diff) -> list[Edit]:
    lines = diff.lines
    hunks: list[Edit] = []
    files: set[str] = set()
    held: list[str] = []
    number = 0
    while number < len(lines):
        line = lines[number]
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if _OLD_FILE.match(line) and _NEW_FILE.match(following):
            files.add(following[3:].split("\t")[0].strip().rpartition("/")[2])
            _end(held, hunks)
            number += 2
            continue
        if _HUNK.match(line) or _PREAMBLE.match(line):
            _end(held, hunks)
        elif line[:1] in ("+", "-", " "):
            held.append(line)
        elif not line.strip():
            held.append("")  # a blank line of the program, whose blank in front was dropped
        elif not line.startswith("\\"):
            if diff.fenced or (held and held[-1]) or any(_HUNK.match(later) for later in lines[number:]):
                raise PatchError(
                    "wrong_format",
                    f"the answer is a unified diff with a line that begins with none of +, - and a blank: {line[:80]!r}; "
                    f"{ASK_FOR_BLOCKS}",
                )
            break  # prose behind the diff
        number += 1
    _end(held, hunks)
    if len(files) > 1:
        raise PatchError(
            "wrong_format",
            f"the diff changes several files ({', '.join(sorted(files))}), but there is one program; {ASK_FOR_BLOCKS}",
        )
    return hunks


def _end(held: list[str], hunks: list[Edit]) -> None:
    while held and not held[-1]:
        held.pop()
    while held and not held[0]:
        held.pop(0)
    if any(line[:1] in ("+", "-") for line in held):
        search = tuple(line[1:] for line in held if line[:1] != "+")
        hunks.append(Edit(search, tuple(line[1:] for line in held if line[:1] != "-")))
    held.clear()
