"""What helps a model whose search is not in the program: the closest line, and what differs in it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from rapidfuzz import fuzz, process

from shinka_core.edit.omissions import leaves_out
from shinka_core.edit.places import BLANK, Lines, indentation
from shinka_core.edit.search_replace import longest_mark

# Of a program, for the closest line: ten milliseconds' worth.
HINT_CHARACTERS = 2_000_000
HINT_LENGTH = 200
# Of a hundred; lines that have nothing to do with each other reach fifty.
ALIKE = 55
NAMED = 3


def why_not_found(lines: Lines, search: Sequence[str], mutable: Iterable[range]) -> str:
    """What to say behind "is not in the program": the closest line, and what differs.

    Args:
        lines: Of the program.
        mutable: The lines that may change, from 0.
    """
    known = {line.strip() for line in lines.lines}
    if omission := next((line.strip() for line in search if line.strip() not in known and leaves_out(line)), None):
        return f": {omission!r} is not a line of it; copy every line that is to be found, leave none out"
    strange = strange_characters("\n".join(search), "\n".join(lines.lines))
    if strange:
        return f": it holds {strange}, which the program does not; copy the lines character by character"
    moved = lines.but_for_indentation(search)
    if moved:
        return f": {_indented(search, lines.lines[moved[0].first : moved[0].last], moved[0].first)}"
    return _closest(lines.lines, search, mutable)


def strange_characters(text: str, usual: str) -> str:
    """The characters beyond ASCII, and the invisible ones, that a text has and another has not; a few of them."""
    if text.isascii() and text.isprintable():
        return ""
    odd = [character for character in dict.fromkeys(text) if _odd(character) and character not in usual]
    return ", ".join(name_of(character) for character in odd[:NAMED])


def name_of(character: str) -> str:
    """A character as `U+00A0 (no-break space)`."""
    name = unicodedata.name(character, "control character").lower()
    return f"U+{ord(character):04X} ({name})"


def _odd(character: str) -> bool:
    return character not in "\n\t" and (not character.isascii() or not character.isprintable())


def _indented(search: Sequence[str], here: Sequence[str], first: int) -> str:
    pairs = list(zip(search, here, strict=True))
    differing = (index for index, (mine, theirs) in enumerate(pairs) if indentation(mine) != indentation(theirs))
    index = next((index for index in differing if pairs[index][1].strip(BLANK)), 0)
    mine, theirs = pairs[index]
    return (
        f"its lines are those from line {first + 1} on but for the indentation, which differs from line to line; "
        f"line {first + index + 1} begins with {_blanks(theirs)} in the program and {_blanks(mine)} in the SEARCH text"
    )


def _blanks(line: str) -> str:
    own = indentation(line)
    tabs, spaces = own.count("\t"), own.count(" ")
    parts = [f"{count} {word}{'s' if count > 1 else ''}" for count, word in ((tabs, "tab"), (spaces, "space")) if count]
    return " and ".join(parts) or "no blank"


def _from(lines: Sequence[str], first: int | None) -> str:
    """How to copy, for a search that is like nothing: as a rule it is out of an example."""
    told = "; copy the lines to replace exactly as they stand in the program"
    if first is None or len(lines[first]) > HINT_LENGTH or longest_mark("\n".join(lines)):
        return told
    written = f"<<<<<<< SEARCH\n{lines[first]}\n=======\nthe lines to put in its place\n>>>>>>> REPLACE"
    return f"{told}; a block that replaces line {first + 1} of it is written as\n{written}"


def _closest(lines: Sequence[str], search: Sequence[str], mutable: Iterable[range]) -> str:
    shown: dict[str, int] = {}
    room = HINT_CHARACTERS
    for span in mutable:
        for number in span:
            stripped = lines[number].strip()[:HINT_LENGTH]
            room -= len(stripped)
            if room <= 0:
                break
            if stripped:
                shown.setdefault(stripped, number)
    sought = [stripped[:HINT_LENGTH] for line in search if (stripped := line.strip())]
    # The line that keeps the search from being found; one that stands in the program says nothing.
    wanted = next((line for line in sought if line not in shown), sought[0] if sought else "")
    match = process.extractOne(wanted, list(shown), scorer=fuzz.ratio, score_cutoff=ALIKE)
    if match is None:
        return _from(lines, next(iter(shown.values()), None))
    number = shown[match[0]]
    differs = f", which holds {strange}" if (strange := strange_characters(lines[number], wanted)) else ""
    if wanted in shown:
        return f"; its lines stand in the program, but not together; the first is line {number + 1}: {match[0]!r}"
    asked = f" to {wanted!r}" if wanted != sought[0] else ""
    return f"; the closest line{asked} is line {number + 1}{differs}: {match[0]!r}. Copy lines exactly"
