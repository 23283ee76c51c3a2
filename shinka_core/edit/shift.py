"""Moving replacements along with what they replace: every line by the same amount, or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shinka_core.edit.places import BLANK, Place, indentation
from shinka_core.errors import PatchError

# Blanks that a tab may stand for.
WIDTHS = (4, 2, 8, 3)


def shifted(lines: Sequence[str], place: Place, which: str) -> list[str]:
    """The replacement, moved as the place is moved against the search.

    Raises:
        PatchError: `indentation`, when a line cannot be moved that far.
    """
    if place.have == place.want:
        return list(lines)
    return [_shifted(line, place.have, place.want, which) for line in lines]


def _shifted(line: str, have: str, want: str, which: str) -> str:
    if not line.strip(BLANK):
        return line
    if line.startswith(have):
        return want + line[len(have) :]
    own = indentation(line)
    moved = len(own) + len(want) - len(have)
    if moved < 0 or set(own + have + want) - {" "}:
        raise PatchError(
            "indentation",
            f"{which} is indented otherwise than the program, and the line {line.strip()[:80]!r} of its replacement "
            "cannot be moved as the rest is; indent all lines as the program does",
        )
    return " " * moved + line[len(own) :]


def in_other_blanks(search: Sequence[str], replace: Sequence[str]) -> Iterator[tuple[list[str], list[str]]]:
    """Both texts with tabs for blanks at the beginnings of lines, or blanks for tabs, in each usual width."""
    used = {character for line in (*search, *replace) for character in indentation(line)}
    if len(used) != 1:
        return  # nothing is indented, or it is mixed
    for width in WIDTHS:
        try:
            yield [_other(line, width) for line in search], [_other(line, width) for line in replace]
        except ValueError:
            continue


def _other(line: str, width: int) -> str:
    own = indentation(line)
    if not line.strip(BLANK):
        return line
    if own.startswith("\t"):
        return " " * (width * len(own)) + line[len(own) :]
    levels, rest = divmod(len(own), width)
    if rest:
        raise ValueError("no whole number of tabs")
    return "\t" * levels + line[len(own) :]
