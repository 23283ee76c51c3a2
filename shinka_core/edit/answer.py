"""Reading a model's answer: a name, a description, and edits or a whole program.

The format asked for is

    <NAME>short_snake_case</NAME>
    <DESCRIPTION>what changes and why</DESCRIPTION>
    SEARCH/REPLACE blocks, or one fenced program

Models forget parts of it, so name and description may be missing, in any order or in any case.
Every search here is linear in the length of the answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from shinka_core.errors import PatchError

SEARCH_LINE = re.compile(r"^[ \t]*<{5,9}[ \t]*SEARCH\b.*$")
DIVIDER_LINE = re.compile(r"^[ \t]*={5,9}[ \t]*$")
REPLACE_LINE = re.compile(r"^[ \t]*>{5,9}[ \t]*REPLACE\b.*$")
FENCE_LINE = re.compile(r"^[ \t]*(`{3,}|~{3,})[ \t]*([\w+#.-]*)[ \t]*$")
_WORDS = re.compile(r"[A-Za-z0-9]+")
NAME_LIMIT = 60
DESCRIPTION_LIMIT = 2000


@dataclass(frozen=True, slots=True)
class Edit:
    """One SEARCH/REPLACE pair; texts end with a line break unless empty."""

    search: str
    replace: str


@dataclass(frozen=True, slots=True)
class Heading:
    """How the model titles its change."""

    name: str
    description: str


def read_heading(text: str) -> Heading:
    """Name and description; the first prose line stands in for what is missing."""
    description = _tag(text, "description") or _first_prose(text)
    name = _tag(text, "name") or description
    words = _WORDS.findall(name[: 2 * NAME_LIMIT])
    snake = "_".join(word.lower() for word in words)[:NAME_LIMIT].strip("_")
    return Heading(snake or "unnamed", description[:DESCRIPTION_LIMIT].strip())


def read_edits(text: str) -> list[Edit]:
    """The SEARCH/REPLACE pairs, in order; none when the answer has no SEARCH line.

    Raises:
        PatchError: `truncated_answer` when a pair is not finished.
    """
    edits: list[Edit] = []
    search: list[str] | None = None
    replace: list[str] | None = None
    for line in _lines(text):
        bare = line.rstrip("\r\n")
        if search is None:
            if SEARCH_LINE.match(bare):
                search = []
        elif replace is None:
            if DIVIDER_LINE.match(bare):
                replace = []
            elif SEARCH_LINE.match(bare) or REPLACE_LINE.match(bare):
                raise PatchError("truncated_answer", f"SEARCH block {len(edits) + 1} has no ======= line")
            else:
                search.append(line)
        elif REPLACE_LINE.match(bare):
            edits.append(Edit("".join(search), "".join(replace)))
            search = replace = None
        elif SEARCH_LINE.match(bare):
            raise PatchError(
                "truncated_answer", f"block {len(edits) + 1} has no >>>>>>> REPLACE line before the next SEARCH"
            )
        else:
            replace.append(line)
    if search is not None:
        raise PatchError(
            "truncated_answer", f"block {len(edits) + 1} is cut off: every block ends with a >>>>>>> REPLACE line"
        )
    return edits


def read_program(text: str) -> str | None:
    """The longest fenced block of the answer, or None when there is none.

    Raises:
        PatchError: `truncated_answer` when the last fence is never closed.
    """
    programs: list[str] = []
    fence: str | None = None
    body: list[str] = []
    for line in _lines(text):
        match = FENCE_LINE.match(line.rstrip("\r\n"))
        if fence is None:
            if match:
                fence, body = match.group(1), []
        elif match and match.group(1).startswith(fence) and not match.group(2):
            programs.append("".join(body))
            fence = None
        else:
            body.append(line)
    if fence is not None and "".join(body).strip():
        raise PatchError("truncated_answer", "the code block is cut off: its closing fence is missing")
    return max(programs, key=len, default=None)


def _lines(text: str) -> list[str]:
    # Not splitlines(): form feeds and Unicode separators belong to the code, and are no line ends.
    return [line + "\n" for line in text.replace("\r\n", "\n").rstrip("\n").split("\n")] if text else []


def _tag(text: str, tag: str) -> str:
    lower = text.lower()
    start = lower.find(f"<{tag}>")
    if start < 0:
        return ""
    start += len(tag) + 2
    end = lower.find(f"</{tag}>", start)
    return text[start : end if end >= 0 else start].strip()


def _first_prose(text: str) -> str:
    for line in text[:10_000].splitlines():
        stripped = line.strip()
        if stripped and not SEARCH_LINE.match(line) and not FENCE_LINE.match(line) and not stripped.startswith("<"):
            return stripped.lstrip("#*- ")[:300]
    return ""
