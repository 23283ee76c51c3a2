"""With the `languages` extra, a program in another language that is broken is found before its evaluation is paid for."""

from __future__ import annotations

import random
import threading
import time

import pytest

from shinka_core import grammars
from shinka_core.edit.structure import unclosed
from shinka_core.edit.syntax import COMPLETE, new_syntax_error
from shinka_core.grammars import first_error
from tests.shinka_core.edit.dressing import block, refused

PROGRAMS = {
    "c": '#include <stdio.h>\n#define AREA(r) (3.0 * (r) * (r))\nint main(void) {\n    for (int i = 0; i < 3; i++) {\n        printf("%f {\\n", AREA(i));  // {\n    }\n    return 0;\n}\n',
    "cpp": 'template <typename T>\nT area(T r) {\n    auto square = [](T x) { return x * x; };\n    const char* s = R"x(:) {)x";\n    return 3.0 * square(r);\n}\n',
    "rust": "fn area<'a>(r: &'a f64) -> f64 {\n    let x = vec![1, 2];\n    match x.len() {\n        2 => 3.0 * r * r,\n        _ => 0.0,\n    }\n}\n",
    "go": "package main\n\nfunc area(r float64) float64 {\n\tif r > 0 {\n\t\treturn 3.0 * r * r\n\t}\n\treturn 0\n}\n",
    "java": "class Area {\n    static double of(double r) {\n        return r > 0 ? 3.0 * r * r : 0;\n    }\n}\n",
    "javascript": "export const area = (r) => {\n  const name = `area ${r}`;\n  return 3.0 * r * r;\n};\n",
    "typescript": "export function area(r: number, s?: string): number {\n  const x: Array<number> = [1];\n  return 3.0 * r * r;\n}\n",
    "julia": "function area(r)\n    xs = [x' for x in 1:3 if x > 1]\n    last = xs[end]\n    map(xs) do x\n        x + 1\n    end\n    if r > 0\n        return 3.0 * r^2\n    end\nend\n",
    "fortran": "program area\n  real :: r\n  r = (3.0 * (2.0))\n  if (r > 0) then\n    print *, r\n  end if\nend program area\n",
}
BROKEN = {
    "c": ("    return 0;\n}\n", "    return (0;\n}\n"),
    "cpp": ("return x * x; };", "return x * x; ;"),
    "rust": ("let x = vec", "let x = = vec"),
    "go": ("\treturn 0\n}\n", "\treturn 0\n"),
    "java": ("r * r : 0;", "r * r : ;"),
    "javascript": ("const name =", "const = name"),
    "typescript": ("return 3.0 * r * r;\n}\n", "return 3.0 * r * r;\n"),
    "julia": ("    end\nend\n", "    end\n"),
    "fortran": ("(2.0))", "(2.0)"),
}


@pytest.mark.parametrize("language", PROGRAMS)
def test_what_is_broken_is_found_and_what_is_not_is_let_pass(language: str) -> None:
    program = PROGRAMS[language]
    assert first_error(program, language) is None
    assert unclosed(program, language) is None
    old, new = BROKEN[language]
    assert program.count(old) == 1
    broken = program.replace(old, new)
    assert "line" in (new_syntax_error(broken, program, language) or "")
    assert new_syntax_error(program, program, language) is None
    assert new_syntax_error(broken, broken, language) is None, "its parent does not pass either"
    assert new_syntax_error(program.replace("3.0", "4.0").replace("\n", "\r\n"), "\ufeff" + program, language) is None


@pytest.mark.parametrize("language", PROGRAMS)
def test_nothing_is_checked_without_the_extra(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grammars, "_GRAMMARS", {language: ("tree_sitter_that_is_not_installed", "language")})
    grammars._grammar.cache_clear()  # pyright: ignore[reportPrivateUsage]
    try:
        assert new_syntax_error(PROGRAMS[language].replace(*BROKEN[language]), PROGRAMS[language], language) is None
    finally:
        grammars._grammar.cache_clear()  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize(
    ("language", "valid"),
    [
        ("c", "#define BEGIN {\n#define END }\nint main(void) BEGIN\n  return 0;\nEND\n"),
        ("c", "int f(int a) {\n#if A\n  if (a) {\n#else\n  if (!a) {\n#endif\n    return 1;\n  }\n  return 0;\n}\n"),
        ("c", "FOR(i, 10) { x++; }\nUNUSED int f(void) { WITHOUT_SEMICOLON }\n"),
        ("cpp", "class API_EXPORT A : public B { DECLARE(A) int x; };\n"),
        ("julia", "f(ex) = ex.head === :for || ex.head == :end\ng(sdf) = (;[:function => 1, :n => nrow(sdf)]...)\n"),
        ("typescript", "export interface Check<in T = never, out U = unknown> { a: T; }\n"),
    ],
)
def test_valid_programs_that_a_grammar_does_not_know_are_let_pass(language: str, valid: str) -> None:
    assert language not in COMPLETE
    assert new_syntax_error(valid, PROGRAMS[language], language) is None


def test_a_model_is_told_where() -> None:
    error = refused(block("    let x = vec![1, 2];", "    let x = vec![1, 2;"), PROGRAMS["rust"], language="rust")
    assert error.reason == "syntax_error"
    assert "line 2" in str(error)


@pytest.mark.slow
@pytest.mark.parametrize("language", PROGRAMS)
def test_any_text_is_looked_at_in_bounded_time_and_without_stopping_others(language: str) -> None:
    rng = random.Random(0)
    program = PROGRAMS[language]
    texts = ["{" * 100_000, "\0\ud800", program * 3_000, "".join(rng.choices("(){}[];'\"`#:\n ifend", k=50_000))]
    gaps: list[float] = []
    done = threading.Event()

    def beat() -> None:
        last = time.monotonic()
        while not done.wait(0.005):
            gaps.append(time.monotonic() - last)
            last = time.monotonic()

    other = threading.Thread(target=beat)
    other.start()
    try:
        for text in texts:
            begun = time.process_time()
            new_syntax_error(text, program, language)
            assert time.process_time() - begun < 3 * grammars.PATIENCE
    finally:
        done.set()
        other.join()
    assert max(gaps) < 1.0
