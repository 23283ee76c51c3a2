"""What every embedding back end offers."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]


class Embedder(Protocol):
    """Turns programs into vectors whose cosine tells how alike they are.

    Attributes:
        name: As configured.
        similarity_threshold: The cosine above which two programs count as near duplicates with
            this back end, unless the settings say otherwise.
    """

    name: str
    similarity_threshold: float

    async def embed(self, code: str, language: str) -> Vector:
        """The embedding of one program: `(d,)` float32 of unit length.

        Raises:
            ModelError: The back end cannot be reached.
        """
        ...
