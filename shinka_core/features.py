"""What a program's text is like, in numbers: how long it is, and how many ways lead through it.

Pure, and bounded whatever the text is. Archives keep programs that differ in these.
"""

from __future__ import annotations

import ast
import re

from shinka_core.lexis import pieces
from shinka_core.python_tree import python_tree
from shinka_core.source import Source
from shinka_core.source_text import plain

LENGTH, LINES, COMPLEXITY = "length", "lines", "complexity"
FEATURES = (LENGTH, LINES, COMPLEXITY)

# Characters up to which Python is parsed: parsing keeps every other thread waiting. And those that are looked at.
PARSED = 50_000
LOOKED_AT = 400_000


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Each of these adds one way through a program, in whatever language has it.
_DECISIONS = _set(
    "if elif elseif elsif for foreach while until unless case when catch except rescue and or andalso orelse && || ??"
)
_MORE = {
    "fortran": {"do"},
    "haskell": {"|"},
    "ocaml": {"|"},
    "rust": {"=>", "?"},
    "clojure": {"cond"},
    "lisp": {"cond"},
    "scheme": {"cond"},
}
_FEWER = {"python": {"case"}, "ruby": {"case"}, "sql": {"case"}, "haskell": {"case"}}
_TERNARY = _set("c cpp cuda glsl java javascript julia metal opencl perl php ruby verilog csharp dart swift typescript")
# Where a type with a question mark may be nothing: a choice has a blank before its own.
_NULLABLE = frozenset({"csharp", "dart", "swift", "typescript"})
_ANY_CASE = frozenset({"ada", "fortran", "pascal", "sql", "vhdl"})
# Nothing in these is a way that a program takes.
_WITHOUT_WAYS = _set("css html jinja json markdown tex text toml xml yaml")
# `end if` closes what `if` has opened.
_CLOSED_BY_NAME = frozenset({"ada", "fortran", "vhdl"})

_CASE = re.compile(r"^[ \t]*+case[ \t]++(?!_[ \t]*+:)[^=.,)\]:\n]", re.MULTILINE)


def source_features(source: Source) -> dict[str, float]:
    """The features of a program of one file or several; those of its texts add up, data has none."""
    found = [program_features(file.text, file.language) for file in source.files if not file.is_data]
    total = {name: sum(features[name] for features in found) for name in FEATURES}
    return total | {COMPLEXITY: total[COMPLEXITY] - max(len(found) - 1, 0)}


def program_features(source_text: str, language: str) -> dict[str, float]:
    """The features of a program's text, each a finite number.

    `length` counts characters, `lines` those that are not blank. `complexity` is one more than the places where the
    program's way divides: branches, loops, cases, handlers, and the operators that may leave out their right side
    (McCabe 1976, taken over a program as a whole). It is exact for Python, counted by keywords in other languages, and
    1 where nothing runs, as in text and JSON.

    Args:
        source_text: One file; features of several files add up, but for the one in `complexity`.
        language: As `shinka_core.edit.languages` has it; what is unknown there is read as C is.
    """
    code = plain(source_text)
    lines = sum(1 for line in code.split("\n") if line.strip())
    return {LENGTH: float(len(code)), LINES: float(lines), COMPLEXITY: float(1 + _decisions(code, language))}


def _decisions(code: str, language: str) -> int:
    if language in _WITHOUT_WAYS:
        return 0
    if language == "python" and len(code) <= PARSED:
        try:
            return sum(map(_divides, ast.walk(python_tree(code))))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            pass
    return _decisions_by_words(code[:LOOKED_AT], language)


def _divides(node: ast.AST) -> int:
    match node:
        case ast.If() | ast.IfExp() | ast.For() | ast.AsyncFor() | ast.While() | ast.ExceptHandler():
            return 1
        case ast.comprehension(ifs=conditions):
            return 1 + len(conditions)
        case ast.BoolOp(values=values):
            return len(values) - 1
        case ast.match_case(pattern=ast.MatchAs(name=None), guard=None):
            return 0
        case ast.match_case(guard=guard):
            return 1 + (guard is not None)
        case _:
            return 0


def _decisions_by_words(code: str, language: str) -> int:
    """The same where there is no parser: keywords that are neither in comments nor in strings."""
    wanted = (_DECISIONS | _MORE.get(language, set())) - _FEWER.get(language, set())
    if language in _TERNARY:
        wanted |= {"?"}
    found, before = 0, ""
    for piece in pieces(language).finditer(code):
        if piece.lastgroup != "word":
            before = "" if piece.lastgroup == "break" else before
            continue
        word = piece.group().lower() if language in _ANY_CASE else piece.group()
        if word in wanted and not (before == "end" and language in _CLOSED_BY_NAME):
            question = word == "?" and language in _NULLABLE
            found += not question or code[piece.start() - 1 : piece.start()].isspace()
        before = word
    if language == "python":
        found += len(_CASE.findall(code))
    return found
