"""The title of a change: a name and a description, of which models forget one or both."""

from __future__ import annotations

import re
from dataclasses import dataclass

NAME_LIMIT = 60
DESCRIPTION_LIMIT = 2_000

_WORD = re.compile(r"[A-Za-z0-9]+")


@dataclass(frozen=True, slots=True)
class Heading:
    """How the model titles its change."""

    name: str
    description: str


def read_heading(prose: str) -> Heading:
    """Name and description; the first line of prose stands in for what is missing.

    Args:
        prose: The answer without its code.
    """
    description = _tag(prose, "description") or _first_line(prose)
    name = _tag(prose, "name") or description
    words = _WORD.findall(name[: 2 * NAME_LIMIT])
    snake = "_".join(word.lower() for word in words)[:NAME_LIMIT].strip("_")
    return Heading(snake or "unnamed", description[:DESCRIPTION_LIMIT].strip())


def _tag(text: str, tag: str) -> str:
    # ASCII: otherwise a dotted capital I is an i as well. Not lower(), which changes lengths.
    opening = re.search(f"<{tag}>", text, re.IGNORECASE | re.ASCII)
    if opening is None:
        return ""
    closing = re.compile(f"</{tag}>|<(?:name|description)>", re.IGNORECASE | re.ASCII).search(text, opening.end())
    return text[opening.end() : closing.start() if closing else len(text)].strip()


def _first_line(text: str) -> str:
    for line in text[:10_000].splitlines():
        stripped = line.strip()
        if stripped and not stripped.startswith("<"):
            return stripped.lstrip("#*- ")[:300]
    return ""
