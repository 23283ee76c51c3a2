"""Texts of models, programs and evaluators as the Prefect UI is to show them: as text, whatever they hold.

The UI takes markdown artifacts, descriptions and, in its first version, the cells of tables for markdown with HTML
in it; its second version shows cells as they are. So what others wrote is put into code spans and fences, and in the
cells of a table artifact what would be markup is replaced by its full-width form, which is read the same and means
nothing.
"""

from __future__ import annotations

import re

from shinka_core.bounds import within
from shinka_core.shown import as_shown

# So many times as much is looked at as is shown: white space goes.
ENOUGH = 4

_RUN = {mark: re.compile(f"{mark}+") for mark in "`~"}

# What starts or ends markup in a cell: HTML, entities, code, emphasis, links, columns, escapes, mail addresses.
_MARKUP = str.maketrans({mark: chr(ord(mark) + 0xFEE0) for mark in "<>&`*~[]|\\@$!"})
# Underscores and colons are all over names; emphasis and links need them in these places.
_EMPHASIS = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_ADDRESS = re.compile(r":(?=//)|(?<=www)\.", re.IGNORECASE)
# What begins a heading, a list or a rule at the start of a cell.
_BLOCK = re.compile(r"^(?:[#+=-]|\d{1,9}[.)](?=\s|$))")

# In a cell of a table in markdown: words and numbers.
_HARMLESS = re.compile(r"(?!.*www\.)[A-Za-z0-9 ,%()+.-]*", re.IGNORECASE)


def line(text: str, limit: int) -> str:
    """A text in one line of plain text, for names, tags and messages of states.

    Args:
        limit: Characters at most.
    """
    words = " ".join(text[: ENOUGH * limit].split())
    return as_shown(words if len(text) <= ENOUGH * limit else f"{words} ...", longest=limit)


def cell(text: str, limit: int) -> str:
    """The same for a cell of a table artifact."""
    words = _ADDRESS.sub(_wide, _EMPHASIS.sub(_wide, line(text, limit).translate(_MARKUP)))
    return _BLOCK.sub(lambda found: "".join(_widened(mark) for mark in found.group()), words)


def code(text: str, limit: int, *, bars: bool = False) -> str:
    """The same as a code span of markdown.

    Args:
        bars: Whether bars become full-width ones: in a table they end the cell, in a code span as well.
    """
    words = line(text, limit)
    mark = _longer_than_any("`", words, 1)
    pad = " " if words.startswith("`") or words.endswith("`") else ""
    words = words.replace("|", _widened("|")) if bars else words
    return f"{mark}{pad}{words}{pad}{mark}" if words else ""


def in_table(text: str, limit: int = 200) -> str:
    """The same for a cell of a table in markdown: as a code span if anything in it could be markup."""
    words = line(text, limit)
    return words if _HARMLESS.fullmatch(words) else code(words, limit, bars=True)


def fenced(text: str, limit: int, language: str = "") -> str:
    """A text of several lines as a block of markdown that shows it as it is, shortened in the middle.

    Args:
        limit: Characters at most, about.
    """
    shown = within(as_shown(within(text, limit), lines=True), limit)
    fence = _longer_than_any("~", shown, 3)
    return f"{fence}{language}\n{shown}\n{fence}"


def _longer_than_any(mark: str, text: str, least: int) -> str:
    return mark * max(least, 1 + max(map(len, _RUN[mark].findall(text)), default=0))


def _wide(found: re.Match[str]) -> str:
    return _widened(found.group())


def _widened(mark: str) -> str:
    return chr(ord(mark) + 0xFEE0) if "!" <= mark <= "~" else mark
