"""Applying SEARCH/REPLACE edits inside EVOLVE-BLOCKs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from shinka_core.edit.blocks import END, START, find_blocks, immutable_parts, is_marker
from shinka_core.edit.hints import why_not_found
from shinka_core.edit.places import MANY, Lines, Place
from shinka_core.edit.search_replace import Edit
from shinka_core.edit.shift import in_other_blanks, shifted
from shinka_core.edit.wrappings import trimmed, unwrapped
from shinka_core.errors import PatchError

# Their lines are paragraphs: a sentence of one is a good search.
PROSE = frozenset({"markdown", "text"})
NAMED_LINES = 10


def apply_edits(code: str, blocks: Sequence[Sequence[Edit]], language: str, what: str = "SEARCH block") -> str:
    """Applies the edits one after another, each to the outcome of the one before.

    Args:
        code: The parent program, with line feeds alone.
        blocks: In the order of the answer; each with its possible readings, of which one has to fit.
        what: What to call an edit in messages.

    Raises:
        PatchError: `search_not_found`, `search_ambiguous`, `divider_ambiguous`, `indentation`, `bad_block`,
            `immutable_region_touched` or `markers_removed`; the message says which edit and what to do.
    """
    parent, lines = Lines(code.split("\n")), code.split("\n")
    once = list(dict.fromkeys(tuple(readings) for readings in blocks))  # a block that is repeated means the same
    for index, readings in enumerate(once, start=1):
        step = _Step(lines, f"{what} {index} of {len(once)}", language, parent if index > 1 else None)
        lines = step.apply(readings)
    return "\n".join(lines)


class _Step:
    """One block, applied to a program."""

    def __init__(self, lines: list[str], which: str, language: str, parent: Lines | None) -> None:
        self._lines = lines
        self._searched = Lines(lines)
        self._which = which
        self._language = language
        self._parent = parent
        self._mutable = mutable_lines("\n".join(lines))

    def apply(self, readings: Sequence[Edit]) -> list[str]:
        if len(readings) == 1:
            return self._applied(readings[0])
        fitting = [reading for reading in readings if _blank(reading.search) or self._find(reading)[0]]
        if len(fitting) > 1:
            raise PatchError(
                "divider_ambiguous",
                f"{self._which} holds several lines of = signs, each of which could end the SEARCH text; choose lines "
                "to search for that have no such line among them, or write longer marks (<<<<<<<<< SEARCH, "
                "=========, >>>>>>>>> REPLACE)",
            )
        return self._applied(fitting[0] if fitting else readings[0])

    def _applied(self, edit: Edit) -> list[str]:
        if _blank(edit.search):
            return self._lines if _blank(edit.replace) else self._appended(edit)
        places, edit = self._find(edit)
        if not places:
            return self._part_of_a_line(edit) or self._not_found(edit)
        inside = [place for place in places if self._may_change(place)]
        if len(inside) > 1:
            self._refuse_several(inside)
        return self._replaced(inside[0], edit) if inside else self._across(places, edit)

    def _find(self, edit: Edit) -> tuple[list[Place], Edit]:
        """Where the search stands, and the edit as it was taken to find that."""
        for tried in unwrapped(edit):
            ways: list[Callable[[Sequence[str]], list[Place]]] = [
                self._searched.exactly,
                self._searched.but_for_line_ends,
                self._searched.moved,
            ]
            for way in ways:
                if places := way(tried.search):
                    self._refuse_other_depth(tried.search, edit.indented, places)
                    return places, tried
            if found := self._in_other_blanks(tried):
                return found
        return [], edit

    def _refuse_other_depth(self, search: Sequence[str], indented: int, places: list[Place]) -> None:
        """A search that is indented with its marks may mean lines that are less deep by as much."""
        if not indented or any(line[:indented].strip() for line in search):
            return
        others = self._searched.exactly([line[indented:] for line in search])
        if others and {place.first for place in others} != {place.first for place in places}:
            self._refuse_several(sorted([*places, *others], key=lambda place: place.first))

    def _in_other_blanks(self, edit: Edit) -> tuple[list[Place], Edit] | None:
        """Where the search stands with tabs for blanks, or blanks for tabs; nothing when widths disagree."""
        found: dict[tuple[str, ...], tuple[list[Place], Edit]] = {}
        for search, replace in in_other_blanks(edit.search, edit.replace):
            if places := self._searched.exactly(search):
                found[tuple(replace)] = (places, Edit(tuple(search), tuple(replace)))
        return next(iter(found.values())) if len(found) == 1 else None

    def _may_change(self, place: Place) -> bool:
        return any(span.start <= place.first and place.last <= span.stop for span in self._mutable)

    def _replaced(self, place: Place, edit: Edit) -> list[str]:
        new = self._without_repeated_markers(place, shifted(edit.replace, place, self._which))
        if any(is_marker(line) for line in new):
            raise PatchError(
                "markers_removed",
                f"{self._which} adds an EVOLVE-BLOCK marker; leave both marker lines out of the edit",
            )
        return [*self._lines[: place.first], *new, *self._lines[place.last :]]

    def _without_repeated_markers(self, place: Place, new: list[str]) -> list[str]:
        """A replacement of the first lines of a block that repeats the marker above, or of the last and the one below."""
        span = next(span for span in self._mutable if span.start <= place.first and place.last <= span.stop)
        above = self._lines[span.start - 1].strip() if span.start else ""
        below = self._lines[span.stop].strip() if span.stop < len(self._lines) else ""
        if new and above and place.first == span.start and new[0].strip() == above and is_marker(above):
            new = new[1:]
        if new and below and place.last == span.stop and new[-1].strip() == below and is_marker(below):
            new = new[:-1]
        return new

    def _across(self, places: list[Place], edit: Edit) -> list[str]:
        """An edit that reaches out of the block, as long as it leaves everything there as it is."""
        place = places[0]
        new = [*self._lines[: place.first], *shifted(edit.replace, place, self._which), *self._lines[place.last :]]
        before = "\n".join(self._lines)
        try:
            if len(places) == 1 and immutable_parts("\n".join(new)) == immutable_parts(before):
                return new
        except ValueError:
            pass
        if any(is_marker(line) for line in (*edit.search, *edit.replace)):
            raise PatchError(
                "markers_removed",
                f"{self._which} changes an EVOLVE-BLOCK marker or what is outside of it; leave both marker lines "
                "out of the edit",
            )
        raise PatchError(
            "immutable_region_touched",
            f"{self._which} matches line {place.first + 1}, outside the EVOLVE-BLOCK; only code between {START} and "
            f"{END} may change",
        )

    def _appended(self, edit: Edit) -> list[str]:
        new = edit.replace
        if edit.indented:
            raise PatchError(
                "bad_block",
                f"{self._which} searches for nothing and is indented, so the indentation that is meant is not clear; "
                "write its marks at the beginning of their lines",
            )
        if len(self._mutable) > 1:
            raise PatchError(
                "search_ambiguous",
                f"{self._which} searches for nothing, and the program has {len(self._mutable)} EVOLVE-BLOCKs; search "
                "for a line beside the place and repeat it in the replacement",
            )
        span = self._mutable[0]
        old = {line.strip() for line in self._lines[span.start : span.stop] if line.strip()}
        if len(old) > 3 and 2 * len(old & {line.strip() for line in new}) > len(old):
            raise PatchError(
                "bad_block",
                f"{self._which} searches for nothing and repeats the program; put the lines to replace between "
                "SEARCH and =======",
            )
        end = span.stop
        if end == len(self._lines) and end > span.start and self._lines[-1] == "":
            end -= 1  # before the last line end, not behind it
        return [*self._lines[:end], *new, *self._lines[end:]]

    def _part_of_a_line(self, edit: Edit) -> list[str] | None:
        """A sentence of a paragraph, where it stands but once."""
        search, replace = "\n".join(edit.search).strip(), "\n".join(edit.replace).strip()
        if self._language not in PROSE or "\n" in search or len(search) < 3:
            return None
        inside = [number for span in self._mutable for number in span]
        found = [number for number in inside if search in self._lines[number]]
        if len(found) != 1 or self._lines[found[0]].count(search) != 1:
            return None
        line = self._lines[found[0]]
        at = line.index(search)
        if line[:at][-1:].isalnum() or line[at + len(search) :][:1].isalnum():
            return None
        new = (line[:at] + replace + line[at + len(search) :]).split("\n")
        return [*self._lines[: found[0]], *new, *self._lines[found[0] + 1 :]]

    def _refuse_several(self, places: list[Place]) -> None:
        many = len(places) > MANY
        shown = ", ".join(str(place.first + 1) for place in places[:NAMED_LINES])
        raise PatchError(
            "search_ambiguous",
            f"{self._which} matches {f'more than {MANY}' if many else len(places)} places (lines {shown}"
            f"{', ...' if len(places) > NAMED_LINES else ''}); include more lines around the one you mean",
        )

    def _not_found(self, edit: Edit) -> list[str]:
        if self._parent is not None and self._parent.moved(trimmed(edit).search):
            raise PatchError(
                "search_not_found",
                f"{self._which} searches for lines that a block before it has changed; put both changes into one block",
            )
        why = why_not_found(self._parent or self._searched, trimmed(edit).search, self._hinted())
        raise PatchError("search_not_found", f"{self._which} is not in the program{why}")

    def _hinted(self) -> list[range]:
        return self._mutable if self._parent is None else mutable_lines("\n".join(self._parent.lines))


def mutable_lines(code: str) -> list[range]:
    """The numbers of the lines that may change, from 0, one range for each EVOLVE-BLOCK."""
    spans: list[range] = []
    line = position = 0
    for block in find_blocks(code):
        first = line + code.count("\n", position, block.start)
        last = first + code.count("\n", block.start, block.end)
        position, line = block.end, last
        # A block ends where the line of its marker begins; without markers it ends with the text.
        spans.append(range(first, last + 1 if block.end == len(code) else last))
    return spans


def _blank(lines: Sequence[str]) -> bool:
    return not any(line.strip() for line in lines)
