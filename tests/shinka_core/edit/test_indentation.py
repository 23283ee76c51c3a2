"""Edits that are indented otherwise than the program: moved by one amount, or refused with what differs."""

from __future__ import annotations

import pytest

from tests.shinka_core.edit.dressing import AREA, applied, block, refused

LOOP = "# EVOLVE-BLOCK-START\ndef total(xs):\n    s = 0\n    for x in xs:\n        s += x\n    return s\n# EVOLVE-BLOCK-END\n"
TABS = LOOP.replace("        ", "\t\t").replace("    ", "\t")
SEARCH, REPLACE = "        s += x\n    return s", "        s += x * x\n    return s"


def moved(text: str, by: int) -> str:
    return "\n".join(" " * (len(line) - len(line.lstrip()) + by) + line.lstrip() for line in text.split("\n"))


@pytest.mark.parametrize("by", [-4, -2, 1, 4, 8])
def test_every_line_is_moved_by_the_same_amount(by: int) -> None:
    assert applied(block(moved(SEARCH, by), moved(REPLACE, by)), LOOP) == LOOP.replace("s += x", "s += x * x")


def test_lines_further_left_than_the_search_are_moved_as_well() -> None:
    answer = block(
        "            s += x", "            s += x * x\n        return s", "<<<<<<< SEARCH|=======|>>>>>>> REPLACE"
    )
    assert applied(answer, LOOP) == LOOP.replace("        s += x\n", "        s += x * x\n    return s\n")


def test_a_line_that_cannot_be_moved_so_far_is_refused() -> None:
    error = refused(block("            s += x\n        return s", "            s += x\nreturn s"), LOOP)
    assert error.reason == "indentation"
    assert "return s" in str(error)


@pytest.mark.parametrize("search", ["s += x\n    return s", "        s += x\n        return s"])
def test_indentation_that_differs_from_line_to_line_is_refused(search: str) -> None:
    error = refused(block(search, search.replace("s += x", "s += x * x")), LOOP)
    assert error.reason == "search_not_found"
    assert "indentation" in str(error)
    assert "4 spaces" in str(error) or "8 spaces" in str(error)


@pytest.mark.parametrize("width", [2, 4, 8])
def test_blanks_for_tabs_and_tabs_for_blanks(width: int) -> None:
    spaced = TABS.replace("\t", " " * width)
    inner = f"{' ' * width}for x in xs:\n{' ' * 2 * width}s += x"
    tabbed = "\tfor x in xs:\n\t\ts += x"
    assert applied(block(inner, inner.replace("x in", "x  in")), TABS) == TABS.replace("x in", "x  in")
    assert applied(block(tabbed, tabbed.replace("x in", "x  in")), spaced) == spaced.replace("x in", "x  in")


def test_tabs_that_cannot_be_told_are_named() -> None:
    error = refused(block("      for x in xs:\n          s += x", "      pass"), TABS)
    assert error.reason in ("search_not_found", "indentation")
    mixed = refused(block("  \tfor x in xs:\n        s += x", "    pass"), TABS)
    assert "1 tab" in str(mixed)


@pytest.mark.parametrize(
    ("odd", "named"),
    [
        ("\u00a0   factor = 3.0", "U+00A0 (no-break space)"),
        ("    fac\u200btor = 3.0", "U+200B (zero width space)"),
        ("    factor = \u201c3.0\u201d", "U+201C (left double quotation mark)"),
        ("    factor \uff1d 3.0", "U+FF1D (fullwidth equals sign)"),
        ("    f\u0430ctor = 3.0", "U+0430 (cyrillic small letter a)"),
        ("    factor = 3.0\x1b", "U+001B (control character)"),
    ],
)
def test_characters_that_look_alike_are_named(odd: str, named: str) -> None:
    error = refused(block(odd, "    factor = 4.0"))
    assert error.reason == "search_not_found"
    assert named in str(error)


def test_characters_of_the_program_that_look_alike_are_named() -> None:
    parent = AREA.replace("factor = 3.0", "factor =\u00a03.0")
    error = refused(block("    factor = 3.0", "    factor = 4.0"), parent, language="text")
    assert "U+00A0" in str(error)


@pytest.mark.parametrize("odd", ["\u200b", "\x1b", "\x08", "\u202e"])
@pytest.mark.parametrize("language", ["cpp", "python"])
def test_new_characters_that_nobody_sees_are_refused_in_code(odd: str, language: str) -> None:
    error = refused(block("    factor = 3.0", f"    factor = 4.0{odd}"), language=language)
    assert error.reason == "syntax_error"
    assert f"U+{ord(odd):04X}" in str(error)


def test_characters_of_prose_and_of_the_parent_are_left_alone() -> None:
    family = "    factor = '\U0001f468\u200d\U0001f469 \u0939\u093f'"
    assert family in applied(block("    factor = 3.0", family))
    parent = AREA.replace("import math", "import math  # \x1b\u200b")
    assert "4.0  # \u200b\x1b" in applied(
        block("    factor = 3.0", "    factor = 4.0  # \u200b\x1b"), parent, language="cpp"
    )
    assert "\u200b" in applied(block("    factor = 3.0", "\u200b"), language="markdown")
