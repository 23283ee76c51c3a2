"""Source text as a sequence of tokens, without comments and layout where these mean nothing.

Two programs with equal tokens count as duplicates, and a duplicate is never evaluated. So whatever
is not known to be meaningless is kept: taking a copy for something new costs one evaluation,
taking something new for a copy loses it.
"""

from __future__ import annotations

import io
import re
import tokenize

_SKIPPED = {tokenize.COMMENT, tokenize.NL, tokenize.ENCODING, tokenize.ENDMARKER}
_LAYOUT = {tokenize.NEWLINE: "\n", tokenize.INDENT: "->", tokenize.DEDENT: "<-"}

# `//` and `/* */` are comments in these.
_C_COMMENTS = frozenset({"c", "cpp", "cuda", "rust", "swift", "go", "java", "javascript", "typescript", "verilog"})
# In these, moreover, a line break is like any other white space.
_FREE_FORM = frozenset({"c", "cpp", "cuda", "rust", "java", "verilog"})

_STRING = r'"(?:\\.|[^"\\\n])*"' + r"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`"
_COMMENT = r"//[^\n]*|/\*.*?\*/"
# Operators as they are written: `a - -b` is not `a --b`.
_WORD = r"\d+\.?\d*(?:[eE][+-]?\d+)?|\w+|[-+*/<>=&|!^%~?:]+|[^\w\s]"
_PIECE = re.compile(f"(?P<string>{_STRING})|(?P<comment>{_COMMENT})|(?P<line>\\n)|(?P<word>{_WORD})", re.DOTALL)
_DIRECTIVE = re.compile(r"^[ \t]*#", re.MULTILINE)
_ANYTHING = re.compile(rf"\n[ \t]*|{_WORD}")


def tokens(code: str, language: str) -> list[str]:
    """The tokens of a program.

    Python loses comments, blank lines and spacing; C and its kin lose comments and spacing, and
    line breaks as well where the language is free of form. Every other language, and Python that
    is none, keeps all but the spacing inside its lines.
    """
    if language == "python":
        try:
            return [
                _LAYOUT.get(token.type, token.string)
                for token in tokenize.generate_tokens(io.StringIO(code).readline)
                if token.type not in _SKIPPED
            ]
        except (tokenize.TokenError, SyntaxError):
            return _ANYTHING.findall(code)
    if language in _C_COMMENTS:
        # A preprocessor directive ends with its line.
        lines_count = language not in _FREE_FORM or _DIRECTIVE.search(code) is not None
        return _without_comments(code, lines_count=lines_count)
    return _ANYTHING.findall(code)


def _without_comments(code: str, *, lines_count: bool) -> list[str]:
    found: list[str] = []
    for piece in _PIECE.finditer(code):
        match piece.lastgroup:
            case "comment":
                continue
            case "line":
                if lines_count and found and found[-1] != "\n":
                    found.append("\n")
            case _:
                found.append(piece.group())
    return found
