"""Reading what a model writes for other models to read: what it says, bounded, and nothing that a prompt could trip over.

Models wrap answers in fences, think aloud, greet, number in their own ways, or answer in JSON; all of that is read.
What is read goes into prompts, so it holds no heading, no fence and no mark of an edit: there it would end a section
or pass for part of the form of an answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from shinka_core.thinking import without_thinking

# Characters that a word may have in the mean: what is longer is no prose.
WORD = 12
# Fences, marks of edits and of blocks, rules and table lines.
_MARKS = re.compile(
    r"^\s*(?:`{3,}.*|~{3,}.*|<{5,}.*|={5,}|>{5,}.*|\*{3}\s+.*|@@ .*|.*EVOLVE-BLOCK-(?:START|END).*|[-*_=]{3,})\s*$"
)
_HEADING = re.compile(r"^(\s*)#{1,6}\s+")
_SENTENCE = re.compile(r"[.!?;:](?=\s|$)")
_NUMBER = re.compile(
    r"^\s*(?:#{1,6}\s+)?[*_]{0,3}(?:(?:recommendation|suggestion|advice|idea|lesson|step|point)\s*)?#?\d{1,3}\s*[.):\-]+"
    r"[*_]{0,3}\s*(?=\S|$)",
    re.IGNORECASE,
)
_BULLET = re.compile(r"^\s*[-*+\u2022\u2013]\s+(?=\S)")


def said(answer: str) -> str:
    """What an answer says: without reasoning, wrapping and what only a program or a prompt has; "" when that is nothing."""
    spoken = without_thinking(answer)
    if spoken.unfinished:
        return ""
    return cleaned(spoken.text)


def cleaned(text: str) -> str:
    """The text without marks, headings turned into lines like any other, no two empty lines in a row."""
    lines: list[str] = []
    for line in text.replace("\r\n", "\n").splitlines():
        kept = "" if _MARKS.match(line) else _without_headings(line).rstrip()
        if kept or (lines and lines[-1]):
            lines.append(kept)
    return "\n".join(lines).strip()


def _without_headings(line: str) -> str:
    while (heading := _HEADING.match(line)) is not None:
        line = heading.group(1) + line[heading.end() :]
    return line


def in_words(text: str, most: int) -> str:
    """As much of the beginning of a text as has at most so many words, up to the end of a line or sentence if there is one.

    Args:
        most: Words; each counts `WORD` characters at most, so that the text is bounded whatever a word is.
    """
    shorter = text[: most * WORD]
    words = list(re.finditer(r"\S+", shorter))
    if len(shorter) == len(text) and len(words) <= most:
        return text.strip()
    end = words[most - 1].end() if len(words) >= most else len(shorter)
    shorter = shorter[:end]
    ends = [match.end() for match in _SENTENCE.finditer(shorter)] + [shorter.rfind("\n")]
    last = max(ends)
    return (shorter[:last] if last > len(shorter) // 2 else shorter).strip()


def listed(answer: str, most: int, words: int) -> list[str]:
    """The points of an answer that is a list, each cleaned, in `words` words at most, in their order, none twice.

    Args:
        most: Points that are taken.
    """
    spoken = without_thinking(answer)
    if spoken.unfinished:
        return []
    found = _of_json(spoken.text)
    points = _points(spoken.text) if found is None else found
    short = (" ".join(in_words(cleaned(point), words).split()) for point in points)
    return list(dict.fromkeys(point for point in short if any(letter.isalnum() for letter in point)))[:most]


def _points(text: str) -> list[str]:
    lines = [line for line in text.replace("\r\n", "\n").splitlines() if not _MARKS.match(line)]
    for mark in (_NUMBER, _BULLET):
        starts = [number for number, line in enumerate(lines) if mark.match(line)]
        if starts:
            return list(_between(lines, _outermost(lines, starts), mark))
    return [part for part in re.split(r"\n\s*\n", "\n".join(lines)) if part.strip()]


def _outermost(lines: list[str], starts: list[int]) -> list[int]:
    """Those that are indented no further than the first one."""
    depth = _depth(lines[starts[0]])
    return [start for start in starts if _depth(lines[start]) <= depth]


def _between(lines: list[str], starts: list[int], mark: re.Pattern[str]) -> Iterator[str]:
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        first = mark.sub("", lines[start], count=1)
        yield "\n".join([first, *lines[start + 1 : end]])


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _of_json(text: str) -> list[str] | None:
    """The points of an answer in JSON: a list, or an object that holds one; None when it is no JSON."""
    begins = [place for place in (text.find("["), text.find("{")) if place >= 0]
    before = text[: min(begins)].strip() if begins else text
    if not begins or len(before.splitlines()) > 3:
        return None
    try:
        value, _ = json.JSONDecoder().raw_decode(text[min(begins) :])
    except (ValueError, RecursionError):
        return None
    found = _first_list(value)
    return None if found is None else [_as_text(point) for point in found]


def _first_list(value: Any) -> list[Any] | None:
    if isinstance(value, list):
        return value  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, dict):
        for inner in value.values():  # pyright: ignore[reportUnknownVariableType]
            if isinstance(inner, list):
                return inner  # pyright: ignore[reportUnknownVariableType]
    return None


def _as_text(point: Any) -> str:
    if isinstance(point, dict):
        return ": ".join(str(value) for value in point.values() if isinstance(value, str | int | float))  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return point if isinstance(point, str) else ""
