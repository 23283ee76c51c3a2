"""Whether what opens in a program is closed: brackets, and the blocks of Julia."""

from __future__ import annotations

import re

from shinka_core.lexis import pieces

_CLOSES = {")": "(", "]": "[", "}": "{"}
_PREPROCESSED = frozenset({"c", "cpp"})
# Of the branches of a condition one alone is compiled, and brackets of a macro belong to where it is used.
_CONDITION = re.compile(r"^[ \t]*+#[ \t]*+el", re.MULTILINE)
_DIRECTIVE = re.compile(r"^[ \t]*+#(?:[^\\\n]|\\.)*+", re.MULTILINE | re.DOTALL)
_BLOCKS = frozenset({"baremodule", "begin", "do", "for", "function", "if", "let", "macro", "module", "quote", "struct", "try", "while"})  # fmt: skip
END = "end"


def unclosed(code: str, language: str) -> str | None:
    """What is not closed or closes nothing, in one line; None when all is, or when macros may account for it."""
    if language in _PREPROCESSED and (
        _CONDITION.search(code) or any(_unclosed(line, language) for line in _DIRECTIVE.findall(code))
    ):
        return None
    return _unclosed(code, language)


def _unclosed(code: str, language: str) -> str | None:
    open_ones: list[tuple[str, int]] = []  # what opened, and where
    for piece in pieces(language).finditer(code):
        text, start = piece.group(), piece.start()
        if piece.lastgroup == "bracket" and text not in _CLOSES:
            open_ones.append((text, start))
        elif piece.lastgroup == "bracket":
            if not open_ones or open_ones[-1][0] != _CLOSES[text]:
                against = f" while {_named(code, *open_ones[-1])} is open" if open_ones else " and nothing is open"
                return f"{_named(code, text, start)} closes{against}"
            open_ones.pop()
        elif piece.lastgroup == "word" and language == "julia":
            _julia(code, text, start, open_ones)
            if open_ones and open_ones[-1][0] == END:
                return f"{_named(code, text, start)} closes and nothing is open"
    return f"{_named(code, *open_ones[-1])} is never closed" if open_ones else None


def _julia(code: str, word: str, start: int, open_ones: list[tuple[str, int]]) -> None:
    """Blocks outside of brackets, where `for` and `if` may have no end and `end` may be the last index."""
    if any(text not in _BLOCKS and text != "type" for text, _ in open_ones):
        return
    before = code[start - 1 : start]
    if before in (":", ".", "@"):  # a symbol, a field, or a macro's name
        return
    if word in _BLOCKS or (
        word == "type" and re.search(r"\b(?:abstract|primitive)[ \t]+$", code[max(start - 40, 0) : start])
    ):
        open_ones.append((word, start))
    elif word == END:
        if open_ones:
            open_ones.pop()
        else:
            open_ones.append((END, start))


def _named(code: str, text: str, start: int) -> str:
    return f"line {code.count(chr(10), 0, start) + 1}: {text!r}"
