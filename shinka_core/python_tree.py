"""Parsing Python, from any thread."""

from __future__ import annotations

import ast
import threading
import warnings

# CPython (seen in 3.11.7) counts the depth of the tree that it builds once for all threads: two that build
# one at the same time fail with SystemError. Other packages of the process do not know this lock.
_one_at_a_time = threading.Lock()
ATTEMPTS = 5


def python_tree(code: str | bytes) -> ast.Module:
    """The tree of a program; what Python would warn of is the author's business.

    Raises:
        SyntaxError: It is none.
        ValueError: It holds what no program may: a NUL, a lone surrogate.
        RecursionError: It is nested too deeply.
        MemoryError: The same, said by the parser.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with _one_at_a_time, warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.parse(code)
        except SystemError as error:
            if attempt == ATTEMPTS:
                raise MemoryError(f"the parser gave up: {error}") from error
    raise AssertionError("unreachable")
