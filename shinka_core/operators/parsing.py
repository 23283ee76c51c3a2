"""Python programs as trees, as far as they are any."""

from __future__ import annotations

import ast
from itertools import accumulate

from shinka_core.python_tree import python_tree

# Characters up to which programs are parsed: while a longer one is, no other thread gets on.
LONGEST = 40_000


def parsed(code: str) -> ast.Module | None:
    """The tree of a program, or None for one that is none here: broken, written for a newer Python, or too long."""
    if len(code) > LONGEST or "\r" in code:  # a carriage return inside a line ends it for the parser
        return None
    try:
        return python_tree(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def lines_with_ends(code: str) -> list[str]:
    """The lines of a program as its tree counts them: form feeds and Unicode separators end none."""
    lines = code.split("\n")
    return [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


class LineOffsets:
    """From the lines and bytes by which a tree says where something stands to characters."""

    def __init__(self, code: str) -> None:
        self._lines = lines_with_ends(code)
        self._starts = list(accumulate((len(line) for line in self._lines), initial=0))

    def of(self, node: ast.expr) -> int:
        """Where an expression begins."""
        return self._at(node.lineno, node.col_offset)

    def end(self, node: ast.expr) -> int:
        """Where it ends."""
        assert node.end_lineno is not None and node.end_col_offset is not None, "parsed from text"  # noqa: PT018
        return self._at(node.end_lineno, node.end_col_offset)

    def _at(self, line: int, column: int) -> int:
        return self._starts[line - 1] + len(self._lines[line - 1].encode()[:column].decode(errors="replace"))
