"""What is a comment, a string or a word in the text of a program, for looks that need no parser."""

from __future__ import annotations

import re
from functools import cache


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SLASHES = r"//[^\n]*+|/\*[^*]*+(?:\*(?!/)[^*]*+)*+(?:\*/)?"
_HASH = r"\#[^\n]*+"
_COMMENTS = {
    **dict.fromkeys(
        ("python", "julia", "r", "ruby", "perl", "shell", "nim", "elixir", "mojo", "crystal", "powershell", "awk"),
        _HASH,
    ),
    "php": rf"{_HASH}|{_SLASHES}",
    **dict.fromkeys(("lua", "haskell", "sql", "ada", "vhdl", "lean", "agda", "idris"), r"--[^\n]*+"),
    **dict.fromkeys(("erlang", "minizinc", "prolog", "matlab", "answer_set"), r"%[^\n]*+"),
    **dict.fromkeys(("lisp", "scheme", "clojure", "assembly", "smtlib", "llvm"), r";[^\n]*+"),
    "fortran": r"![^\n]*+",
    **dict.fromkeys(
        ("ocaml", "wolfram", "fsharp", "coq", "isabelle", "tla"), r"\(\*[^*]*+(?:\*(?!\))[^*]*+)*+(?:\*\))?"
    ),
    "pascal": r"\{[^}]*+\}?|//[^\n]*+",
}
_DOUBLE = r'"(?:[^"\\\n]|\\.)*+"?'
_SINGLE = r"'(?:[^'\\\n]|\\.)*+'?"
_ONE_CHARACTER = r"'(?:\\[^'\n]*+|[^'\\\n])'"
_BACKTICKS = r"`(?:[^`\\]|\\.)*+`?"
_RAW = r'R"(?P<end>[^()\\\s"]{0,16})\((?:[^)]|\)(?!(?P=end)"))*+(?:\)(?P=end)")?'
_THREE = r'"""(?:[^"\\]|\\.|"(?!""))*+(?:""")?' + r"|'''(?:[^'\\]|\\.|'(?!''))*+(?:''')?"
# Elsewhere a quote is a character's, a lifetime's, or a transpose.
_SINGLE_QUOTED = _words("python javascript typescript shell ruby perl php lua sql r fortran pascal")


@cache
def pieces(language: str) -> re.Pattern[str]:
    """What finds the pieces of a text: `left_out` (comments and strings), `word`, `bracket` and `break` (of a line).

    Every piece is read in one way and never given back, so that a text is read in time that grows with its length.

    Args:
        language: One that is unknown is read as C is.
    """
    strings = [_DOUBLE, _SINGLE if language in _SINGLE_QUOTED else _ONE_CHARACTER]
    if language in {"python", "julia"}:
        strings.insert(0, _THREE if language == "python" else _THREE.partition("|'''")[0])
    if language in {"javascript", "typescript", "go"}:
        strings.append(_BACKTICKS)
    if language == "cpp":
        strings.insert(0, _RAW)
    left_out = "|".join([_COMMENTS.get(language, _SLASHES), *strings])
    word = r"\w++|&&|\|\||\?\?|\?\.|\?:|\?>|<\?|\?\s*+(?:extends|super)\b|\?|=>|\|"
    return re.compile(f"(?P<left_out>{left_out})|(?P<word>{word})|(?P<bracket>[][(){{}}])|(?P<break>\n)", re.DOTALL)
