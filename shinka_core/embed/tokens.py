"""Source text as a sequence of tokens, without comments and layout."""

from __future__ import annotations

import io
import re
import tokenize

_SKIPPED = {tokenize.COMMENT, tokenize.NL, tokenize.ENCODING, tokenize.ENDMARKER}
_LAYOUT = {tokenize.NEWLINE: "\n", tokenize.INDENT: "->", tokenize.DEDENT: "<-"}
_TOKEN = re.compile(r"\d+\.?\d*(?:[eE][+-]?\d+)?|\w+|[^\w\s]")
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)


def tokens(code: str, language: str) -> list[str]:
    """The tokens of a program.

    Two Python programs that differ in comments, blank lines or spacing alone have equal tokens;
    other languages drop C-style comments and all white space.
    """
    if language == "python":
        try:
            return [
                _LAYOUT.get(token.type, token.string)
                for token in tokenize.generate_tokens(io.StringIO(code).readline)
                if token.type not in _SKIPPED
            ]
        except (tokenize.TokenError, SyntaxError):
            pass
    else:
        code = _COMMENT.sub(" ", code)
    return _TOKEN.findall(code)
