"""Every language that people bring goes the whole way: found by its names, marked, edited, taken back from a fence."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shinka_core.edit import apply_patch, language_of
from shinka_core.edit.blocks import END, START, block_texts, find_blocks, has_markers
from shinka_core.edit.languages import ALIASES, COMMENT, EXTENSIONS, canonical, is_named, known_language
from shinka_core.edit.syntax import new_syntax_error, why_unchecked
from shinka_core.errors import ConfigError, PatchError
from shinka_core.source import Source
from tests.shinka_core.edit.dressing import block, fence

LANGUAGES = sorted(EXTENSIONS)
# A line that may change, before and after, where `x = 1` is no line of that language.
LINES = {
    "json": ('"x": 1,', '"x": 2,'),
    "rust": ("fn x() -> i32 { 1 }", "fn x() -> i32 { 2 }"),
    "go": ("var x = 1", "var x = 2"),
    "java": ("class A { int x = 1; }", "class A { int x = 2; }"),
    "c": ("int x = 1;", "int x = 2;"),
    "cpp": ("int x = 1;", "int x = 2;"),
    "cuda": ("__device__ int x = 1;", "__device__ int x = 2;"),
    "html": ("<p>1</p>", "<p>2</p>"),
    "lean": ("def x : Nat := 1", "def x : Nat := 2"),
    "wolfram": ("x = 1;", "x = 2;"),
}


def seed_in(language: str, line: str) -> str:
    opens, closes = COMMENT[language]
    return f"{opens}{START}{closes}\n{line}\n{opens}{END}{closes}\n"


def words_for(language: str) -> list[str]:
    """What models write behind a fence for a program in that language."""
    extensions = [extension.removeprefix(".") for extension in EXTENSIONS[language]]
    return [language, *extensions, *(alias for alias, name in ALIASES.items() if name == language)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_seed_in_any_language_goes_through_markers_edits_whole_programs_and_the_check(language: str) -> None:
    old, new = LINES.get(language, ("x = 1", "x = 2"))
    code, better = seed_in(language, old), seed_in(language, new)
    assert has_markers(code)
    assert block_texts(code) == [f"{old}\n"]
    parent = Source.of(code, language)
    assert apply_patch("diff", block(old, new), parent).code == better
    for word in words_for(language):
        answer = "First its output.\n" + fence("unrelated\n", "output") + f"Now the program:\n{fence(better, word)}"
        assert apply_patch("full", answer, parent).code == better, word
    assert new_syntax_error(better, code, language) is None


@given(st.sampled_from(LANGUAGES), st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=60))
def test_a_block_in_any_comment_style_holds_what_is_between(language: str, text: str) -> None:
    if "EVOLVE-BLOCK" in text:
        return
    code = seed_in(language, text)
    assert [code[span.start : span.end] for span in find_blocks(code)] == [f"{text}\n"]


@pytest.mark.parametrize(
    ("word", "language"),
    [
        ("py", "python"), ("Python3", "python"), ("c++", "cpp"), ("cxx", "cpp"), ("C++17", "cpp"), ("golang", "go"),
        ("rs", "rust"), ("ts", "typescript"), ("js", "javascript"), ("f90", "fortran"), ("sv", "verilog"),
        ("systemverilog", "verilog"), ("wl", "wolfram"), ("Mathematica", "wolfram"), ("md", "markdown"), ("json5", "json"),
        ("jl", "julia"), ("kt", "kotlin"), ("rb", "ruby"), ("sh", "shell"), ("R", "r"), (".cu", "cuda"), ("c#", "csharp"),
        ("lean4", "lean"), ("triton", "python"), ("yml", "yaml"), ("txt", "text"), ("hs", "haskell"), ("ocaml", "ocaml"),
        ("zig", "zig"), ("swift", "swift"), ("scala", "scala"), ("sql", "sql"), ("toml", "toml"), ("html", "html"),
    ],
)  # fmt: skip
def test_a_language_is_known_by_what_people_call_it(word: str, language: str) -> None:
    assert language_of(Path("initial.anything"), word) == language
    assert is_named(language, word.lower().removeprefix("."))


def test_every_other_name_is_of_a_language_and_every_language_has_a_comment() -> None:
    assert {name for name in ALIASES.values() if name not in EXTENSIONS} == set()
    assert {alias for alias in ALIASES if alias in EXTENSIONS} == set()
    assert set(EXTENSIONS) == set(COMMENT)
    assert all(canonical(extension) is not None for several in EXTENSIONS.values() for extension in several)
    assert known_language(Path("x.PL")) == "perl"


def test_an_unknown_word_is_told_with_the_nearest_known_one() -> None:
    with pytest.raises(ConfigError, match=r"'pyhton' is unknown; did you mean 'python'\? .* text"):
        language_of(Path("a.py"), "pyhton")


def test_a_seed_that_fails_its_own_check_is_told_and_its_changes_are_not_refused() -> None:
    code = seed_in("json", '{"x": 1}')
    assert "line 1" in why_unchecked(Source.of(code, "json"))
    assert new_syntax_error(code.replace("1}", "2"), code, "json") is None
    assert why_unchecked(Source.of('{"x": 1}', "json")) == ""
    assert why_unchecked(Source.of("x = 1\n", "zig")) == ""


def newer_python(folder: Path) -> str:
    """An interpreter that takes `unless` for a keyword, as some later Python might."""
    path = folder / "python"
    path.write_text(
        f"#!{sys.executable}\nimport sys\ntext = sys.stdin.read().replace('unless', 'while')\n"
        "try: compile(text, 'program', 'exec')\n"
        "except SyntaxError as e: print(f'line {e.lineno}: {e.msg}'); sys.exit(9)\n"
    )
    path.chmod(0o755)
    return str(path)


def test_syntax_newer_than_ours_is_checked_by_the_evaluators_interpreter(tmp_path: Path) -> None:
    python, seed = newer_python(tmp_path), "unless x:\n    y = 1\n"
    assert why_unchecked(Source.of(seed, "python")) != ""
    assert why_unchecked(Source.of(seed, "python"), python) == ""
    assert new_syntax_error(seed.replace("1", "2"), seed, "python", python) is None
    assert new_syntax_error(seed.replace("= 1", "= ="), seed, "python", python) == "line 2: invalid syntax"


def test_syntax_that_the_evaluators_interpreter_is_too_old_for_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "python"
    path.write_text(
        f"#!{sys.executable}\nimport sys\nif 'match' in sys.stdin.read(): print('line 1: old'); sys.exit(9)\n"
    )
    path.chmod(0o755)
    assert new_syntax_error("match x:\n    case 1: pass\n", "x = 1\n", "python", str(path)) == "line 1: old"


def test_a_file_of_a_folder_is_named_when_it_fails() -> None:
    files = [*Source.of("x = = 1\n", "python").files]
    folder = Source.folder([type(files[0])("a/b.py", "x = = 1\n", "python")])
    assert why_unchecked(folder).startswith("a/b.py: line 1")


def test_a_program_in_another_language_is_not_taken_for_one_of_ours() -> None:
    parent = Source.of(seed_in("r", "x <- 1"), "r")
    both = fence("x = 3\n", "python") + fence(seed_in("r", "x <- 2"), "R")
    assert apply_patch("full", both, parent).code == seed_in("r", "x <- 2")
    with pytest.raises(PatchError):
        apply_patch("diff", "no program here", parent)
