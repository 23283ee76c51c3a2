"""Edits whose lines are listed with numbers, or written with entities."""

from __future__ import annotations

from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shinka_core.edit.dressing import applied, block, refused
from tests.support.generated import thorough

PARENT = """\
# EVOLVE-BLOCK-START
def clip(x, low, high):
    if x < low and low <= high:
        return low

    return "&lt;" if x > high else x
# EVOLVE-BLOCK-END
"""
LINES = PARENT.splitlines()
SEARCH = LINES[2:6]
REPLACE = ["    if low > x:", "        return low", "", "    return min(x, high)"]
BETTER = PARENT.replace("\n".join(SEARCH), "\n".join(REPLACE))


def numbered(lines: list[str], first: int = 3, sign: str = " | ") -> str:
    return "\n".join(f"{number}{sign}{line}" for number, line in enumerate(lines, start=first))


@pytest.mark.parametrize("sign", [" | ", "|", "\t", "\u2192", " \u2502 "])
@pytest.mark.parametrize("first", [3, 9, 1])
def test_numbers_of_a_listing_are_no_part_of_its_lines(sign: str, first: int) -> None:
    assert applied(block(numbered(SEARCH, first, sign), numbered(REPLACE, first, sign)), PARENT) == BETTER
    gone = "\n".join(SEARCH[:3]) + "\n"
    assert applied(block(numbered(SEARCH[:3], first, sign), ""), PARENT) == PARENT.replace(gone, "\n")


@pytest.mark.parametrize(
    ("search", "replace"),
    [
        ("3 | " + SEARCH[0] + "\n5 | " + SEARCH[1], "    return x"),  # not one after another
        (numbered(SEARCH), REPLACE[0] + "\n" + numbered(REPLACE[1:])),  # a part of the lines alone
        (numbered(SEARCH), "\n".join(REPLACE)),
    ],
)
def test_numbers_that_are_not_those_of_a_listing_are_refused(search: str, replace: str) -> None:
    assert refused(block(search, replace), PARENT).reason == "search_not_found"


INSIDE = ["        low = x & high", "        y = 'a' if x < 1 else \"&amp;\"", "        z = x >= 2"]


@thorough
@given(added=st.lists(st.sampled_from(INSIDE)))
def test_entities_stand_for_their_characters(added: list[str]) -> None:
    old, new = "\n".join(SEARCH[:2]), "\n".join(["    if x < 0:", *added, SEARCH[1]])
    quotes = {'"': "&quot;", "'": "&#39;"}
    expected = PARENT.replace(old, new)
    assert applied(block(old, new), PARENT) == expected
    assert applied(block(escape(old, quotes), escape(new, quotes)), PARENT) == expected


def test_entities_of_the_program_itself_stay() -> None:
    answer = block(SEARCH[3], '    return "&gt;" if high else x')
    assert '    return "&gt;" if high else x\n' in applied(answer, PARENT)


def test_a_mixture_of_entities_and_characters_is_refused() -> None:
    error = refused(block(escape(SEARCH[0]), "    if x < low:"), PARENT)
    assert error.reason == "search_not_found"
    assert "closest line" in str(error)
