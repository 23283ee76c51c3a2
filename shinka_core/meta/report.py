"""What was written about the search, for people: `advice.md` and `system_prompts.md` in the results folder."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from shinka_core.database.guidance import Shelf, Written
from shinka_core.meta.merits import WINDOW, Merit, Merits
from shinka_core.meta.points import place_of, points_of
from shinka_core.prompts.programs import fenced

logger = logging.getLogger("shinka.meta")

ADVICE = "advice.md"
SYSTEM_PROMPTS = "system_prompts.md"
SCALE = (
    f"A program's place is the share of the {WINDOW} programs before it that gained less over their parent: 0.5 is what the "
    "run does by itself."
)


async def write_advice(folder: Path, shelf: Shelf, merits: Merits) -> None:
    """Writes what advice there was and what came of it; both are stored with the rows as well. Nothing where none is."""
    if written := await _counted(shelf, merits.of_advice):
        await _write(folder / ADVICE, _advice(written, merits.of_advice(None)))


async def write_system_prompts(folder: Path, shelf: Shelf, merits: Merits) -> None:
    """Writes what system prompts there are and what came of them; both are stored with the rows as well."""
    if written := await _counted(shelf, merits.of_prompt):
        await _write(folder / SYSTEM_PROMPTS, _system_prompts(written))


async def _counted(shelf: Shelf, of: Callable[[str | None], Merit]) -> list[tuple[Written, Merit]]:
    """All that is written with what the record says came of it."""
    known = [(one, of(one.id)) for one in await shelf.all()]
    for one, merit in known:
        if (merit.uses, merit.mean) != (one.uses, one.score):
            await shelf.counted(one.id, merit.uses, merit.mean)
    return known


def _advice(written: Sequence[tuple[Written, Merit]], without: Merit) -> Iterator[str]:
    """The page, the newest turn first."""
    yield from ("# Advice", "", f"What proposals were shown of what was learned before. {SCALE}", "")
    yield f"Proposals without advice: {_told(without)}."
    merits = {one.id: merit for one, merit in written}
    points = [one for one, _ in written]
    for recorded in sorted({place_of(one).recorded for one in points}, reverse=True):
        yield from ("", f"## After {recorded} programs")
        for one in points_of(points, recorded):
            yield from ("", f"{_told(merits[one.id])}:", "", one.text)


def _system_prompts(written: Sequence[tuple[Written, Merit]]) -> Iterator[str]:
    """The page, the best first."""
    yield from ("# System prompts", "", f"How proposals were told what they are for, the best first. {SCALE}")
    numbers = {one.id: number for number, (one, _) in enumerate(written)}
    for one, merit in sorted(written, key=lambda pair: -(pair[1].mean or 0.0)):
        made = f"after {one.created_after} programs"
        of = "the usual one" if one.parent_id is None else f"{made}, from {numbers[one.parent_id]}"
        yield from ("", f"## {numbers[one.id]} ({of}): {_told(merit)}", "", fenced(one.text))


def _told(merit: Merit) -> str:
    mean = "" if merit.mean is None else f", mean place {merit.mean:.3f}"
    return f"{merit.uses} proposals{mean}"


async def _write(path: Path, lines: Iterable[str]) -> None:
    """Writes a file as a whole or not at all: a run may be killed here too. A disk that does not take it ends nothing."""
    text, new = "\n".join(lines) + "\n", path.with_name(f".{path.name}.new")

    def write() -> None:
        new.write_text(text, encoding="utf-8")
        new.replace(path)

    try:
        await asyncio.to_thread(write)
    except OSError as error:
        logger.warning("%s cannot be written: %s", path, error)
