"""Parsers for other languages than Python, where the `languages` extra is installed."""

from __future__ import annotations

import logging
import time
from functools import cache
from importlib import import_module
from typing import Any

logger = logging.getLogger("shinka.grammars")

# Language: the package that knows it, and its function there.
_GRAMMARS = {
    "c": ("tree_sitter_c", "language"),
    "cpp": ("tree_sitter_cpp", "language"),
    "fortran": ("tree_sitter_fortran", "language"),
    "go": ("tree_sitter_go", "language"),
    "java": ("tree_sitter_java", "language"),
    "javascript": ("tree_sitter_javascript", "language"),
    "julia": ("tree_sitter_julia", "language"),
    "rust": ("tree_sitter_rust", "language"),
    "typescript": ("tree_sitter_typescript", "language_tsx"),
}
# Seconds and bytes that a look at one program may take.
PATIENCE = 2.0
LONGEST = 2_000_000
# Bytes after which other threads have their turn.
TURN = 4_096


def first_error(code: str, language: str) -> str | None:
    """What a grammar does not understand first, in one line.

    None when it understands all, when there is no grammar for the language here, and when it takes too long.
    """
    grammar = _grammar(language)
    data = code.encode("utf-8", "replace")
    if grammar is None or len(data) > LONGEST:
        return None
    deadline = time.monotonic() + PATIENCE

    def read(offset: int, _: object) -> bytes:
        return data[offset : offset + TURN]

    def late(*_: object) -> bool:
        return time.monotonic() > deadline

    try:
        tree = _parser(grammar).parse(read, progress_callback=late)
    except ValueError:  # it was called off
        return None
    return _told(tree.root_node, data) if tree.root_node.has_error else None


@cache
def _grammar(language: str) -> Any:
    module, function = _GRAMMARS.get(language, ("", ""))
    if not module:
        return None
    try:
        return import_module("tree_sitter").Language(getattr(import_module(module), function)())
    except ImportError:
        return None
    except (AttributeError, TypeError, ValueError) as error:
        logger.warning("programs in %s are not parsed: %s does not fit tree_sitter (%s)", language, module, error)
        return None


def _parser(grammar: Any) -> Any:
    """One for each text: a parser is no good for two threads at once."""
    return import_module("tree_sitter").Parser(grammar)


def _told(node: Any, data: bytes) -> str:
    while inner := next((child for child in node.children if child.has_error or child.is_missing), None):
        node = inner
    row: int = node.start_point.row
    line = data.split(b"\n", row + 1)[row].decode("utf-8", "replace").strip()[:200]
    what = f"{node.type!r} is missing" if node.is_missing else "invalid syntax"
    return f"line {row + 1}: {what}: {line}" if line else f"line {row + 1}: {what}"
