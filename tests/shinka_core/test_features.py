"""The numbers that a program's text is known by: right for Python, alike for other languages, bounded for any text."""

from __future__ import annotations

import math
import random
import time
from pathlib import Path

import pytest

from shinka_core import features
from shinka_core.features import COMPLEXITY, FEATURES, LENGTH, LINES, program_features
from tests.support.pace import stretched

ROOT = Path(__file__).resolve().parents[2]

# One more than its comment says: branches, loops, handlers, operators that may leave out their right side.
PYTHON = '''
def f(a, b):  # if this, and that
    """If and or while."""
    if a and b or not a:      # if, and, or: 3
        return [x for x in a if x if b]  # for, two ifs: 3
    elif b:                   # 1
        while a: a -= 1       # 1
    try:
        x = 1 if a else 2     # 1
    except ValueError:        # 1
        pass
    case = 3
    match a:
        case 1: pass          # 1
        case [x] if x: pass   # 2
        case _: pass
    return f"{x}"
'''
IN_OTHER_LANGUAGES = {
    "c": "int f(int a) { /* if */ // if\n if (a && 1) return a ? 1 : '?'; else if (a) { for (;;) ; } puts(\"if ? &&\"); }",
    "cpp": 'int f() { if (a) {} else if (b || c) {} try { f(); } catch (int e) {} while (x) do_it(); puts("while"); }',
    "rust": "fn f<'a>(a: &'a str) -> R { if a && b { g()? } match a { 1 => 2, _ => 3 } while x { } }  // if '",
    "go": "func f() { if a || b { for { } } switch a { case 1: case 2: default: } s := `if && for` }",
    "javascript": "function f() { if (a?.b) {} const s = 'if'; return a ?? b ? `while` : 2; } for (const x of y) { x && y }",
    "typescript": "function f(a?: number): string { if (a && b) { } return a ? 'if' : 'for'; while (x) { } catch (e) { } }",
    "java": "Map<?, List<? extends A>> m; int f() { if (a) for (;;) while (b) ; switch (a) { case 1: } return a ? 1 : 2; }",
    "julia": "function f(a')\n  # if\n  if a && b\n    a' ? 1 : 2\n  elseif c\n  end\n  for i in 1:2\n  end\nend\nif x\nend",
    "fortran": "IF (a .AND. b) THEN  ! if\n do i = 1, 2\n end do\nELSE IF (c) THEN\nEND IF\nprint *, 'if'\nif (d) x = 1",
    "lua": "if a and b then -- if\n for i = 1, 2 do end\nelseif c then end while x do end",
    "haskell": "f x | x > 0 = 1 -- if\n    | otherwise = if a && b then 1 else 2 || c",
    "ruby": "if a && b # if\nelsif c\nend\ncase x\nwhen 1 then 'if'\nend\n",
    "csharp": 'int? a = b ? 1 : 2; if (a ?? b) { foreach (var x in y) { } } // if\n var s = "if";',
}


def complexity(code: str, language: str) -> float:
    return program_features(code, language)[COMPLEXITY]


def test_a_program_is_known_by_its_length_and_the_ways_through_it() -> None:
    known = program_features("\ufeffx = 1\r\n\r\n  \r\ny = 2\r\n", "python")
    assert known == {LENGTH: len("x = 1\n\n  \ny = 2\n"), LINES: 2, COMPLEXITY: 1}
    assert tuple(known) == FEATURES
    assert complexity(PYTHON, "python") == 1 + 13


@pytest.mark.parametrize("language", IN_OTHER_LANGUAGES)
def test_ways_are_counted_in_other_languages(language: str) -> None:
    ways = {"rust": 6, "julia": 6, "ruby": 4, "csharp": 4}.get(language, 5)
    assert complexity(IN_OTHER_LANGUAGES[language], language) == 1 + ways


def test_keywords_tell_the_same_of_python_as_its_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a program does not become another when it outgrows the parser."""
    codes = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "shinka_core").rglob("*.py"))]
    parsed = [complexity(code, "python") for code in codes]
    monkeypatch.setattr(features, "PARSED", 0)
    counted = [complexity(code, "python") for code in codes]
    differing = sum(abs(one - other) for one, other in zip(parsed, counted, strict=True))
    assert differing <= sum(parsed) / 100  # what is inside f-strings
    assert complexity(PYTHON, "python") == 1 + 13


def test_what_does_not_run_has_one_way() -> None:
    assert complexity("if and or while", "text") == 1
    assert complexity('{"if": "while"}', "json") == 1


@pytest.mark.parametrize(
    "language", ["python", "cpp", "rust", "javascript", "ocaml", "pascal", "fortran", "text", "none"]
)
def test_any_text_has_finite_features_soon(language: str) -> None:
    rng = random.Random(0)
    texts = [
        "",
        "\0\ud800'\"`",
        "(" * 200_000,
        "if " * 700_000,
        '"""' * 300_000,
        "'" * 900_001,
        "/*" * 500_000,
        "(*" * 500_000,
        "\\" * 900_000,
        "if x:\n" + " " * 400_000,
        "x = " + "-" * 30_000 + "1\n",
        "".join(rng.choice("if \n\"'`\\/*(){}?&|=>#!;-") for _ in range(400_000)),
    ]
    for text in texts:
        begun = time.process_time()
        found = program_features(text, language)
        took = time.process_time() - begun
        assert took < stretched(2)
        assert all(math.isfinite(value) for value in found.values())
        assert found[COMPLEXITY] >= 1
