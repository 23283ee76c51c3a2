"""What every embedding back end offers."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from shinka_core.embed.identity import Identity

Vector = NDArray[np.float32]


class Embedder(Protocol):
    """Turns programs into vectors whose cosine tells how alike they are.

    Attributes:
        name: As configured.
        identity: What decides the vectors: those of two identities are not to be compared.
        similarity_threshold: The cosine above which two programs count as near duplicates with
            this back end, unless the settings say otherwise.
        piece: Bytes of UTF-8 in which a small change still shows in the vector; of a longer text the part
            that differs is looked at by itself.
    """

    name: str
    similarity_threshold: float

    @property
    def identity(self) -> Identity:
        """What makes the vectors."""
        ...

    @property
    def piece(self) -> int:
        """Bytes of UTF-8, at least 4."""
        ...

    async def embed(self, code: str, language: str) -> Vector:
        """The embedding of one program: `(d,)` float32 of unit length.

        Raises:
            ModelError: The back end cannot be reached, or refuses.
        """
        ...

    async def close(self) -> None:
        """Closes its connections, if it has any."""
        ...
