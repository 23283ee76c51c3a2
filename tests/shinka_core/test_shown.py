"""Text of others as it is shown to a person."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from shinka_core.shown import as_shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
        ("\x1b[2J\x9b2J", r"\x1b[2J\x9b2J"),
        ("a\nb\tc\rd", r"a\nb\tc\rd"),
        ("a\u202eb\u2066c\u200fd", r"a\u202eb\u2066c\u200fd"),
        ("a\u200bb\ufeffc\u00add\u2060e", r"a\u200bb\ufeffc\xadd\u2060e"),
        ("\ud800\x00", r"\ud800\x00"),
        ("\U000e0041\ufe0f\u3164", r"\U000e0041\ufe0f\u3164"),
        ("Zürich 日本 עברית 🎉 a\u00a0b \\x1b [bold] <b>", "Zürich 日本 עברית 🎉 a\u00a0b \\x1b [bold] <b>"),
        (ValueError("said"), "said"),
    ],
)
def test_what_would_act_or_hide_is_spelled_out_and_the_rest_is_as_it_was(text: object, shown: str) -> None:
    assert as_shown(text) == shown


def test_no_character_of_unicode_controls_formats_or_ends_a_line() -> None:
    # Of the planes between there is nothing but letters, and what is not assigned.
    shown = as_shown("".join(map(chr, [*range(0x20000), *range(0xE0000, 0xE2000), sys.maxunicode])))
    assert {unicodedata.category(character) for character in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"} == set()
    assert len(shown.splitlines()) == 1
    shown.encode("utf-8")


def test_several_lines_stay_lines_and_every_end_of_one_is_a_line_feed() -> None:
    assert as_shown("a\r\nb\rc\x0bd\x85e\u2028f\tg\x1b[A", lines=True) == "a\nb\nc\nd\ne\nf\tg\\x1b[A"


@pytest.mark.parametrize("longest", [0, 1, 2, 3, 4, 10, 99])
def test_a_long_text_is_cut_and_says_so(longest: int) -> None:
    shown = as_shown("\x1b" * 1_000_000, longest=longest)
    assert len(shown) == longest
    assert shown.endswith("..."[:longest])
    assert as_shown("abc", longest=3) == "abc"
