"""Which differences between two programs count."""

from __future__ import annotations

import pytest

from shinka_core.embed.tokens import tokens


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("c", "int a = 1; // one\n", "int   a=1;/* other */"),
        ("rust", "let a = 1;\nlet b = 2;", "let a = 1; let b = 2; // two"),
        ("go", "a := 1 // one\n\n\nb := 2", "a := 1\nb := 2"),
        ("shell", "echo  a", "echo a"),
    ],
)
def test_comments_and_spacing_do_not_count(language: str, one: str, other: str) -> None:
    assert tokens(one, language) == tokens(other, language)


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("c", 'get("http://one");', 'get("http://other");'),
        ("cpp", "x = a - -b;", "x = a --b;"),
        ("c", "#define A 1\n+ 2", "#define A 1 + 2"),
        ("javascript", "return\nx", "return x"),
        ("fortran", "a = b // c", "a = b // d"),
        ("julia", "a = b \\\\ c", "a = b"),
        ("yaml", "a:\n  b: 1\nc: 2", "a:\n  b: 1\n  c: 2"),
        ("shell", "echo a\necho b", "echo a echo b"),
        ("sql", "select 1 /* hint */", "select 1 /* other */"),
        ("text", "see http://one", "see http://other"),
        ("python", "if a:\n  b(\n", "if a:\nb(\n"),
    ],
)
def test_what_may_mean_something_counts(language: str, one: str, other: str) -> None:
    assert tokens(one, language) != tokens(other, language)
