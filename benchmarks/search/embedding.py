"""Vectors of texts that are near each other where the texts are: hashed n-grams of tokens."""

from __future__ import annotations

import math
import re
import zlib
from collections import Counter

DIMENSIONS = 384
TOKEN = re.compile(r"[A-Za-z_]\w*|\d+\.?\d*(?:[eE][+-]?\d+)?|\S")


def embedding(text: str) -> list[float]:
    """A vector of unit length, `(384,)`: signed counts of one to three tokens in a row, square roots of them."""
    found = TOKEN.findall(text)
    grams = Counter("\x1f".join(found[k : k + n]) for n in (1, 2, 3) for k in range(len(found) - n + 1))
    vector = [0.0] * DIMENSIONS
    for gram, count in grams.items():
        place = zlib.crc32(gram.encode())
        vector[(place >> 1) % DIMENSIONS] += (1.0 if place & 1 else -1.0) * math.sqrt(count)
    length = math.sqrt(sum(value * value for value in vector)) or 1.0
    return [value / length for value in vector]
