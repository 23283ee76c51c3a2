"""What comes between the lines of an edit and those of the program: blank lines, fences, line numbers, entities."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import unescape

from shinka_core.edit.fences import find_fenced
from shinka_core.edit.places import BLANK
from shinka_core.edit.search_replace import Edit

_NUMBERED = re.compile(r"^[ \t]*(\d+)[ \t]*(?:[|\u2502\u2192] ?|\t)")
_QUOTES = {"&quot;": '"', "&apos;": "'", "&#39;": "'", "&#x27;": "'"}
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|apos|#39|#x27);")
_RAW = re.compile("[<>]")


def unwrapped(edit: Edit) -> Iterator[Edit]:
    """The edit as it was written, and then with what may only be around it taken off, the likeliest first.

    Each is to be tried only where those before it are not in the program.
    """
    yield edit
    bare = trimmed(edit)
    yield bare
    for take_off in (_unfenced, _unnumbered, _unescaped):
        if (tried := take_off(bare)) is not None:
            yield tried


def trimmed(edit: Edit) -> Edit:
    """The edit without blank lines above and below its search, and without as many of the replacement's."""
    search, replace = list(edit.search), list(edit.replace)
    for end in (0, -1):
        while search and not search[end].strip(BLANK):
            search.pop(end)
            if replace and not replace[end].strip(BLANK):
                replace.pop(end)
    return Edit(tuple(search), tuple(replace))


def _unfenced(edit: Edit) -> Edit | None:
    """Without fences around its texts; None when there are none around the search."""
    search = _inside_fence(edit.search)
    return None if search is None else trimmed(Edit(search, _inside_fence(edit.replace) or edit.replace))


def _inside_fence(lines: Sequence[str]) -> tuple[str, ...] | None:
    inside = trimmed(Edit(tuple(lines), ())).search
    blocks = find_fenced(list(inside))
    if len(blocks) != 1 or not blocks[0].closed or (blocks[0].first, blocks[0].last) != (0, len(inside) - 1):
        return None
    return tuple(blocks[0].body.split("\n")[:-1])


def _unnumbered(edit: Edit) -> Edit | None:
    """Without the numbers of lines that a listing has; None unless those of the search count, and all lines have some."""
    found = [_NUMBERED.match(line) for line in edit.search]
    numbers = [int(match.group(1)) for match in found if match]
    if len(numbers) < len(found) or numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        return None
    if not all(_NUMBERED.match(line) for line in edit.replace if line.strip(BLANK)):
        return None
    return Edit(_without(edit.search), _without(edit.replace))


def _without(lines: Sequence[str]) -> tuple[str, ...]:
    return tuple(_NUMBERED.sub("", line) for line in lines)


def _unescaped(edit: Edit) -> Edit | None:
    """With the characters that entities stand for; None unless all of both texts is written so."""
    both = "\n".join((*edit.search, *edit.replace))
    if not any(_ENTITY.search(line) for line in edit.search) or _RAW.search(both):
        return None
    return Edit(_plain(edit.search), _plain(edit.replace))


def _plain(lines: Sequence[str]) -> tuple[str, ...]:
    return tuple(unescape(line, _QUOTES) for line in lines)
