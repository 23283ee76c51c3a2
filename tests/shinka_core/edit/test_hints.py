"""What a model is told whose search is not in the program: the line that keeps it from being found."""

from __future__ import annotations

import random
import time

import pytest

from shinka_core.edit.hints import why_not_found
from shinka_core.edit.places import Lines
from tests.support.pace import stretched

PROGRAM = [
    "def area(radius):",
    "    factor = 3.0",
    "    return factor * radius * radius",
    "",
    "",
    "def label(shape):",
    "    name = shape.title()",
    '    return f"{name}: {shape}"',
    "",
]


def hint(search: str, program: list[str] = PROGRAM) -> str:
    return why_not_found(Lines(program), search.split("\n"), [range(len(program))])


@pytest.mark.parametrize(
    ("search", "line"),
    [
        ("    return factor * radius ** 2", 3),
        ("def areas(radii):\n    factor = 3.0", 1),
        ("    nam = shape.titel()", 7),
    ],
)
def test_the_closest_line_is_named(search: str, line: int) -> None:
    assert hint(search).startswith(f"; the closest line is line {line}: {PROGRAM[line - 1].strip()!r}")


def test_it_is_the_line_that_differs_and_not_one_that_stands_there() -> None:
    told = hint("def area(radius):\n    factor = 3.0\n    return factor * radius ** 2")
    assert told.startswith("; the closest line to 'return factor * radius ** 2' is line 3")


def test_lines_that_stand_apart_are_said_to() -> None:
    assert "not together; the first is line 1" in hint("def area(radius):\n    name = shape.title()")


TOLD = "; copy the lines to replace exactly as they stand in the program"


def test_what_is_like_nothing_is_told_how_a_line_of_the_program_is_copied() -> None:
    inside = why_not_found(Lines(PROGRAM), ["import numpy as np"], [range(6, 8)])
    assert inside.startswith(f"{TOLD}; a block that replaces line 7 of it is written as\n<<<<<<< SEARCH\n    name = ")
    assert inside.endswith("\n=======\nthe lines to put in its place\n>>>>>>> REPLACE")


@pytest.mark.parametrize("program", [["", ""], ["x" * 1000], ["<<<<<<< SEARCH", "area = 1"]])
def test_what_cannot_be_shown_in_a_block_is_not(program: list[str]) -> None:
    assert hint("import numpy as np", program) == TOLD


def test_a_large_program_is_searched_to_its_end_at_once() -> None:
    rng = random.Random(0)
    program = ["".join(rng.choices("abcdefgh (),._=", k=30)) for _ in range(60_000)]
    program[-1] = "    return factor * radius * radius"
    begun = time.process_time()
    assert "line 60000: 'return factor * radius * radius'" in hint("    return factor * radius ** 2", program)
    took = time.process_time() - begun
    assert took < stretched(1)  # the tenth part, on a quiet machine
