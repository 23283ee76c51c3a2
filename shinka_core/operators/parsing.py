"""Python programs as trees, as far as they are any."""

from __future__ import annotations

import ast

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
