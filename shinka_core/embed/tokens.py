"""Source text as a sequence of tokens, without comments and layout where these mean nothing.

Two programs with equal tokens count as duplicates, and a duplicate is never evaluated. So whatever
is not known to be meaningless is kept: taking a copy for something new costs one evaluation,
taking something new for a copy loses it.
"""

from __future__ import annotations

import io
import re
import sys
import tokenize

# Tokens are compared with those of earlier processes: another number when they come to differ. Since 3.12 the
# inside of an f-string is tokens of its own.
VERSION = "tokens 2, python>=3.12" if sys.version_info >= (3, 12) else "tokens 2, python<3.12"

_SKIPPED = {tokenize.COMMENT, tokenize.NL, tokenize.ENCODING, tokenize.ENDMARKER}
_LAYOUT = {tokenize.NEWLINE: "\n", tokenize.INDENT: "->", tokenize.DEDENT: "<-"}

# `//` and `/* */` are comments in these.
_C_COMMENTS = frozenset({"c", "cpp", "cuda", "rust", "swift", "go", "java", "javascript", "typescript", "verilog"})
# In these, moreover, a line break is like any other white space.
_FREE_FORM = frozenset({"c", "cpp", "cuda", "rust", "java", "verilog"})

# Every piece is read in one way and never given back (possessive repetition, and an end that may be missing):
# a text that opens strings and comments without closing them is read as fast as any other.
_STRING = r'"(?:[^"\\\n]|\\.)*+"?' + r"|'(?:[^'\\\n]|\\.)*+'?|`(?:[^`\\]|\\.)*+`?"
_COMMENT = r"//[^\n]*+|/\*[^*]*+(?:\*(?!/)[^*]*+)*+\*/"
# A comment that nobody closes is none, and stays: what is in it may mean something.
_UNCLOSED = r"/\*(?s:.*)"
# Operators as they are written: `a - -b` is not `a --b`.
_WORD = r"\d++\.?\d*+(?:[eE][+-]?\d++)?|\w++|[-+*/<>=&|!^%~?:]++|[^\w\s]"
# Of a line of Python: beyond this its tokenizer takes time that grows with the square of the length.
LONGEST_LINE = 20_000

_PIECE = re.compile(
    f"(?P<string>{_STRING})|(?P<comment>{_COMMENT})|(?P<unclosed>{_UNCLOSED})|(?P<line>\\n)|(?P<word>{_WORD})",
    re.DOTALL,
)
_DIRECTIVE = re.compile(r"^[ \t]*+#", re.MULTILINE)
_ANYTHING = re.compile(rf"\n[ \t]*+|{_WORD}")


def tokens(code: str, language: str) -> list[str]:
    """The tokens of a program.

    Python loses comments, blank lines and spacing; C and its kin lose comments and spacing, and
    line breaks as well where the language is free of form. Every other language, and Python that
    is none or has endless lines, keeps all but the spacing inside its lines.
    """
    if language == "python" and max(map(len, code.split("\n"))) <= LONGEST_LINE:
        try:
            return [
                _LAYOUT.get(token.type, token.string)
                for token in tokenize.generate_tokens(io.StringIO(code).readline)
                if token.type not in _SKIPPED
            ]
        except (tokenize.TokenError, SyntaxError):
            return _plain(code)
    if language in _C_COMMENTS:
        # A preprocessor directive ends with its line.
        lines_count = language not in _FREE_FORM or _DIRECTIVE.search(code) is not None
        return _without_comments(code, lines_count=lines_count)
    return _plain(code)


def _plain(code: str) -> list[str]:
    # Not findall, which keeps every other thread waiting until it is through a long text.
    return [piece.group() for piece in _ANYTHING.finditer(code)]


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
