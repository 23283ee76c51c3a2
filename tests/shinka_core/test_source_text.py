"""The bytes of programs: encodings, byte-order marks, line ends."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shinka_core.source_text import ALIGNED_LINES, Dress, NotTextError, lines_of, plain, read_source, source_bytes
from tests.support.generated import fewer

TEXTS = st.text(alphabet=st.sampled_from("ab \t\x0c\x1c\u2028é\r\n"), max_size=40)


@fewer(40, in_ci=50)
@given(text=TEXTS, marked=st.booleans())
def test_what_is_not_changed_stays_byte_for_byte(text: str, marked: bool) -> None:
    text = "\ufeff" * marked + text
    assert Dress(text).put_on(plain(text)) == text
    assert read_source(source_bytes(text, "python"), "python") == text
    assert "".join(lines_of(text.removeprefix("\ufeff"))) == text.removeprefix("\ufeff")
    assert "\r\n" not in plain(text) or "\r\r\n" in text


@example(before="\n", old="\n\r", new="", after="")  # a line that ends in CR CR LF
@fewer(40, in_ci=50)
@given(before=TEXTS, after=TEXTS, old=TEXTS, new=TEXTS.map(lambda text: text.replace("\r", "")))
def test_line_ends_around_a_change_stay(before: str, after: str, old: str, new: str) -> None:
    original = f"{before}\n{old}\r\n{after}"
    changed = plain(original).replace(plain(f"\n{old}\n"), plain(f"\n{new}\n"), 1)
    dressed = Dress(original).put_on(changed)
    assert plain(dressed) == changed
    lines, others = lines_of(original), lines_of(dressed)
    same = next((n for n, pair in enumerate(zip(lines, others, strict=False)) if plain(pair[0]) != plain(pair[1])), 0)
    assert lines[:same] == others[:same]


def test_lines_behind_a_long_change_keep_their_ends() -> None:
    changed, behind = "old\n" * (ALIGNED_LINES + 1), "one\r\ntwo\nthree\r\n" * 3
    new = changed.replace("old", "new") + "one more\n"
    assert Dress(changed + behind).put_on(new + plain(behind)) == new + behind


def test_a_new_line_takes_the_usual_end() -> None:
    assert Dress("a\r\nb\r\n").put_on("a\nnew\nb\n") == "a\r\nnew\r\nb\r\n"
    assert Dress("a\r\nb\nc\r\n").put_on("a\nb\nnew\nc\n") == "a\r\nb\nnew\r\nc\r\n"


def test_python_names_its_encoding() -> None:
    code = "#!/usr/bin/python\n# -*- coding: latin-1 -*-\nname = 'Ä'\n"
    assert read_source(code.encode("latin-1"), "python") == code
    assert source_bytes(code, "python") == code.encode("latin-1")
    with pytest.raises(NotTextError, match=r"line 3.*iso8859-1"):
        source_bytes(code.replace("Ä", "Ω"), "python")


@pytest.mark.parametrize(
    ("data", "language", "words"),
    [
        (b"x = 1\nname = '\xc4'\n", "python", "line 2 holds the byte 0xc4, which is no utf-8; save it as UTF-8"),
        (b"# coding: latin-1\n\xc4", "rust", "save it as UTF-8"),
        ("x = 1".encode("utf-16"), "python", "UTF-16; save it as UTF-8"),
        (b"# coding: martian\n", "python", "unknown encoding, 'martian'"),
        (b"# coding: rot13\n", "python", "rot13"),
    ],
)
def test_what_cannot_be_read_is_told_in_one_sentence(data: bytes, language: str, words: str) -> None:
    with pytest.raises(NotTextError, match=words):
        read_source(data, language)
