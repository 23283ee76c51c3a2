"""Long texts in pieces that a model takes whole, and one vector for all of them.

Models refuse what is longer than their context, or read its beginning alone and say nothing. A piece is bounded
in bytes of UTF-8: every token stands for at least one byte, so the bound holds for any text and any tokenizer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from shinka_core.embed.embedder import Vector


def pieces(text: str, limit: int) -> list[str]:
    """The text in pieces, in order: whole lines where lines are short enough, never half a character.

    Args:
        limit: Bytes of UTF-8 in a piece, at least 4.

    Returns:
        At least one piece; together they are the text.
    """
    found: list[str] = []
    held: list[str] = []
    room = limit
    for line in text.splitlines(keepends=True):
        for part in _parts(line, limit):
            size = len(part.encode("utf-8", "replace"))
            if size > room and held:
                found.append("".join(held))
                held, room = [], limit
            held.append(part)
            room -= size
    if held or not found:
        found.append("".join(held))
    return found


def _parts(line: str, limit: int) -> Iterator[str]:
    if len(line) * 4 <= limit:  # no character has more than four bytes
        yield line
        return
    data = line.encode("utf-8", "replace")
    start = 0
    while start < len(data):
        end = min(start + limit, len(data))
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1  # to the first byte of a character
        yield data[start:end].decode()
        start = end


def pooled(vectors: NDArray[np.float32], sizes: Sequence[int]) -> Vector:
    """The mean of the pieces' directions, each by its size.

    Args:
        vectors: `(n, d)`, one per piece.
        sizes: Bytes of each piece; empty pieces count as one byte.

    Returns:
        `(d,)` float32 of unit length, or of length 0 or not finite when the vectors cancel out or are not.
    """
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    weights = np.maximum(np.asarray(sizes, dtype=np.float32), 1.0)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (vectors / lengths * weights).sum(axis=0)
        length = np.float32(np.linalg.norm(mean))
        return (mean / length if length > 0 else mean).astype(np.float32)
