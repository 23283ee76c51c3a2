"""Embeddings from an OpenAI-compatible endpoint."""

from __future__ import annotations

import asyncio
import os

import numpy as np

from shinka_core.embed.embedder import Vector
from shinka_core.errors import ConfigError, UnusableAnswerError

# Endpoints refuse longer texts; a longer program gets the mean of its pieces.
MAX_CHARACTERS = 24_000


class OpenAIEmbedder:
    """Asks an endpoint once per program."""

    similarity_threshold = 0.99

    def __init__(self, model: str, *, base_url: str | None = None, timeout: float = 60.0) -> None:
        """Prepares the connection.

        Args:
            model: `name` or `name@https://host/v1`.

        Raises:
            ConfigError: There is neither a key nor an endpoint of one's own.
        """
        from openai import AsyncOpenAI

        self.name = model
        self._model, _, own = model.partition("@")
        endpoint = own or base_url
        key = os.environ.get("OPENAI_API_KEY") or ("not-needed" if endpoint else None)
        if key is None:
            raise ConfigError(
                f"embedding_model={model!r} needs OPENAI_API_KEY or an endpoint; "
                "or use embedding_model='builtin/hashed-ngrams'"
            )
        self._timeout = timeout
        self._client = AsyncOpenAI(api_key=key, base_url=endpoint, timeout=timeout, max_retries=2)

    async def embed(self, code: str, language: str) -> Vector:
        """The endpoint's embedding, `(d,)` float32 of unit length."""
        from shinka_core.llm.faults import translate

        del language
        pieces = [code[i : i + MAX_CHARACTERS] for i in range(0, max(len(code), 1), MAX_CHARACTERS)]
        try:
            async with asyncio.timeout(self._timeout):
                response = await self._client.embeddings.create(
                    model=self._model, input=pieces, encoding_format="float"
                )
            vector = np.asarray([item.embedding for item in response.data], dtype=np.float32).mean(axis=0)
            norm = float(np.linalg.norm(vector))
        except Exception as error:
            # As with answers: whatever shape a server sends, it is the endpoint's failure.
            raise translate(error, self.name) from error
        if vector.ndim != 1 or not np.isfinite(norm) or norm == 0.0:
            raise UnusableAnswerError(
                f"{self.name}: the endpoint returned an embedding of shape {vector.shape} and length {norm}",
                model=self.name,
            )
        return vector / np.float32(norm)
