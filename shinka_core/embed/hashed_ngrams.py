"""The built-in embedding: hashed n-grams of source tokens, on numpy alone.

Feature hashing with signs (Weinberger et al., 2009, "Feature Hashing for Large Scale Multitask
Learning") of token 1-, 2- and 3-grams; counts are damped by the square root so that boilerplate
does not drown the rest.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from zlib import crc32

import numpy as np

from shinka_core.config import BUILTIN_EMBEDDING
from shinka_core.embed.embedder import Vector
from shinka_core.embed.identity import EDITION, Identity
from shinka_core.embed.tokens import VERSION, tokens

DIMENSIONS = 384
LARGEST_N = 3

# Characters up to which a program is embedded on the event loop: a millisecond for every thousand.
SMALL = 4_000


class HashedNgrams:
    """Counts what tokens stand next to each other; needs no model and no network.

    One changed constant in a program of 30 lines moves the cosine to about 0.997, in one of 300
    lines to about 0.9998, and a change in layout or comments alone leaves it at 1. The threshold
    therefore catches copies and all but copies, and leaves judgement of small edits to the score.
    """

    name = BUILTIN_EMBEDDING
    identity = Identity(BUILTIN_EMBEDDING, f"edition {EDITION}, {DIMENSIONS} of 1- to {LARGEST_N}-grams, {VERSION}")
    similarity_threshold = 0.99999
    piece = 32_000

    async def embed(self, code: str, language: str) -> Vector:
        """The embedding of one program, `(384,)` float32 of unit length."""
        if len(code) <= SMALL:
            return embed_tokens(tokens(code, language))
        return await asyncio.to_thread(lambda: embed_tokens(tokens(code, language)))

    async def close(self) -> None:
        """Has nothing to close."""


def embed_tokens(words: list[str]) -> Vector:
    """Hashes the n-grams of a token sequence, `(384,)` float32 of unit length."""
    counts: Counter[str] = Counter()
    for n in range(1, LARGEST_N + 1):
        counts.update("\x1f".join(words[i : i + n]) for i in range(len(words) - n + 1))
    vector = np.zeros(DIMENSIONS)
    if counts:
        hashes = np.fromiter((crc32(gram.encode()) for gram in counts), dtype=np.uint32, count=len(counts))
        weights = np.sqrt(np.fromiter(counts.values(), dtype=np.float64, count=len(counts)))
        signs = np.where(hashes & 1, 1.0, -1.0)
        np.add.at(vector, (hashes >> np.uint32(1)) % DIMENSIONS, signs * weights)
    norm = float(np.linalg.norm(vector))
    if norm == 0.0:
        vector[0] = norm = 1.0  # an empty program still has a direction, so that copies of it are found
    return (vector / norm).astype(np.float32)
