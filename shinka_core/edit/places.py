"""Finding lines in a program: exactly, but for blanks at the ends of lines, or moved as a whole."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

# Where there are more places than this, it does not matter how many more.
MANY = 20
# Of a search whose lines stand in a thousand places, none is the one that is meant.
MOST_TRIED = 1_000
BLANK = " \t"


@dataclass(frozen=True, slots=True)
class Place:
    """Lines `first` to `last` (not included) of a program.

    Attributes:
        have: Indentation that all the lines looked for have.
        want: Indentation that these lines have in its place.
    """

    first: int
    last: int
    have: str = ""
    want: str = ""


class Lines:
    """The lines of a program, made ready for searching; each search takes time in proportion to its length."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self._texts: dict[Callable[[str], str], tuple[str, list[int]]] = {}

    def exactly(self, search: Sequence[str]) -> list[Place]:
        """Places where the very lines stand."""
        return self._find(search, _same, lambda place: place)

    def but_for_line_ends(self, search: Sequence[str]) -> list[Place]:
        """Places that differ in blanks at the ends of lines at most."""
        return self._find(search, _right_stripped, lambda place: place)

    def moved(self, search: Sequence[str]) -> list[Place]:
        """Places that differ in one indentation, common to all lines, at most."""
        have = common_indentation(search)

        def uniform(place: Place) -> Place | None:
            here = self.lines[place.first : place.last]
            want = common_indentation(here)
            for mine, theirs in zip(search, here, strict=True):
                if mine.strip(BLANK) and indentation(mine)[len(have) :] != indentation(theirs)[len(want) :]:
                    return None
            return Place(place.first, place.last, have, want)

        return self._find(search, _stripped, uniform)

    def but_for_indentation(self, search: Sequence[str]) -> list[Place]:
        """Places that differ in whatever indentation, for telling that it is the indentation that differs."""
        return self._find(search, _stripped, lambda place: place)

    def _find(
        self, search: Sequence[str], form: Callable[[str], str], accept: Callable[[Place], Place | None]
    ) -> list[Place]:
        found: list[Place] = []
        for first in self._starts(search, form):
            place = accept(Place(first, first + len(search)))
            if place is not None:
                found.append(place)
            if len(found) > MANY:
                break
        return found

    def _starts(self, search: Sequence[str], form: Callable[[str], str]) -> Iterator[int]:
        if form not in self._texts:
            formed = [form(line) for line in self.lines]
            offsets = [0]
            for line in formed:
                offsets.append(offsets[-1] + len(line) + 1)
            self._texts[form] = ("\n" + "\n".join(formed) + "\n", offsets)
        text, offsets = self._texts[form]
        wanted = "\n" + "\n".join(form(line) for line in search) + "\n"
        at = text.find(wanted)
        for _ in range(MOST_TRIED):
            if at < 0:
                return
            yield bisect_left(offsets, at)
            at = text.find(wanted, at + 1)


def indentation(line: str) -> str:
    """The blanks at the beginning of a line."""
    return line[: len(line) - len(line.lstrip(BLANK))]


def common_indentation(lines: Sequence[str]) -> str:
    """The longest indentation that all lines have that are not blank."""
    common: str | None = None
    for line in lines:
        if line.strip(BLANK):
            mine = indentation(line)
            if common is None:
                common = mine
            while not mine.startswith(common):
                common = common[:-1]
    return common or ""


def _same(line: str) -> str:
    return line


def _right_stripped(line: str) -> str:
    return line.rstrip(BLANK)


def _stripped(line: str) -> str:
    return line.strip(BLANK)
