"""Cutting what is too large to be kept, with a mark of how much is gone.

What evaluated programs write is stored with every program, shown to models and sent to displays, so nothing of it
is taken at whatever size it comes.
"""

from __future__ import annotations

import math
from typing import Any

# Values inside of values.
DEEPEST = 20
# Characters of a key.
KEY = 200
# What a value takes at least, with its comma.
LEAST = 8
# Characters that are kept free for the marks themselves.
MARK = 60


def shortened(text: str, limit: int) -> str:
    """The beginning and the end of a text, with a mark of how much is left out between them.

    Args:
        limit: Characters to keep, about; a text that is no longer stays as it is.
    """
    if len(text) <= limit:
        return text
    head = (limit + 1) // 2
    tail = limit - head
    return f"{text[:head]}\n[... {len(text) - limit} characters left out ...]\n{text[len(text) - tail :]}"


def within(text: str, limit: int) -> str:
    """The same, mark included: never longer than the limit, if that is at least `MARK`."""
    return text if len(text) <= limit else shortened(text, limit - MARK)


def bounded(value: dict[str, Any], limit: int) -> dict[str, Any]:
    """The JSON object with as much of it as fits, in its order.

    Args:
        limit: Characters of JSON that the outcome has at most, about; takes time in proportion to it.
    """
    cut: dict[str, Any] = _Cutter(limit).cut(value, 0)
    return cut


class _Cutter:
    def __init__(self, room: int) -> None:
        self._room = room

    def cut(self, value: Any, depth: int) -> Any:
        if isinstance(value, dict):
            return self._cut_object(value, depth)  # pyright: ignore[reportUnknownArgumentType]
        if isinstance(value, list | tuple):
            return self._cut_list(list(value), depth)  # pyright: ignore[reportUnknownArgumentType]
        text = value if isinstance(value, str) else None
        if text is not None and len(text) > self._room:
            text = within(text, max(self._room, MARK))
        self._room -= max(LEAST, len(text) + 3 if text is not None else _digits(value))
        return value if text is None else text

    def _cut_object(self, value: dict[Any, Any], depth: int) -> Any:
        if depth >= DEEPEST:
            return self._deep(len(value))
        kept: dict[str, Any] = {}
        for number, (key, inner) in enumerate(value.items()):
            if self._room <= 0:
                kept["..."] = f"{len(value) - number} more left out"
                break
            name = within(str(key), KEY)
            self._room -= len(name) + 4
            kept[name] = self.cut(inner, depth + 1)
        return kept

    def _cut_list(self, value: list[Any], depth: int) -> Any:
        if depth >= DEEPEST:
            return self._deep(len(value))
        kept: list[Any] = []
        for number, inner in enumerate(value):
            if self._room <= 0:
                kept.append(f"... {len(value) - number} more left out")
                break
            kept.append(self.cut(inner, depth + 1))
        return kept

    def _deep(self, count: int) -> str:
        self._room -= MARK
        return f"... {count} values too deep to be kept"


def _digits(value: Any) -> int:
    """Characters of a number."""
    if isinstance(value, float):
        return 20
    return value.bit_length() // 3 if isinstance(value, int) else LEAST


def as_float(value: int | float) -> float:
    """The number as a float; an integer that is too large for one becomes infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
