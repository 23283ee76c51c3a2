"""Embeddings from a sentence-transformers model on this machine (extra `embeddings`)."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np

from shinka_core.embed.embedder import Vector
from shinka_core.errors import ConfigError


class SentenceTransformersEmbedder:
    """Runs the model in a thread; torch gives the interpreter free while it computes."""

    similarity_threshold = 0.99

    def __init__(self, model: str) -> None:
        """Loads the model.

        Args:
            model: A name on the hub, or a folder.

        Raises:
            ConfigError: The extra is not installed, or the model cannot be loaded.
        """
        # Imported here: it brings torch, seconds of start-up and hundreds of megabytes.
        try:
            from sentence_transformers import SentenceTransformer  # pyright: ignore[reportMissingImports, reportUnknownVariableType]
        except ImportError as error:
            raise ConfigError(
                f"embedding_model='sentence-transformers/{model}' needs an extra: pip install 'shinka-prefect[embeddings]'"
            ) from error
        self.name = f"sentence-transformers/{model}"
        try:
            self._model: Any = SentenceTransformer(model)
        except (OSError, ValueError) as error:
            raise ConfigError(f"embedding_model={self.name!r} cannot be loaded: {error}") from error
        self._turn = asyncio.Lock()  # one batch at a time: torch uses every core by itself

    async def embed(self, code: str, language: str) -> Vector:
        """The model's embedding, `(d,)` float32 of unit length."""
        del language
        async with self._turn:
            vector = await asyncio.to_thread(self._model.encode, code, normalize_embeddings=True)
        return np.asarray(vector, dtype=np.float32)
