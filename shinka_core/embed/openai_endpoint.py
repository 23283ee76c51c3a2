"""Embeddings from an OpenAI-compatible endpoint."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shinka_core.budget import Budget
from shinka_core.embed.embedder import EDITION, Vector
from shinka_core.embed.pieces import pieces, pooled
from shinka_core.errors import ConfigError, ModelError, UnusableAnswerError
from shinka_core.llm.account import Account
from shinka_core.llm.ledger import MemoryLedger

# Bytes of a piece: OpenAI's models take 8,191 tokens.
PIECE = 8_000
# No model is known that takes less than 512 tokens and says so.
SMALLEST_PIECE = 500
# Pieces in a request: far fewer than the 300,000 tokens that OpenAI takes at once.
TOGETHER = 16


class OpenAIEmbedder:
    """Asks an endpoint once per program, or once for sixteen pieces of a long one.

    Attributes:
        piece: Bytes of text that the endpoint is sent as one; less when it has refused more.
    """

    similarity_threshold = 0.99

    def __init__(
        self, model: str, *, base_url: str | None = None, timeout: float = 60.0, account: Account | None = None
    ) -> None:
        """Prepares the connection.

        Args:
            model: `name` or `name@https://host/v1`.
            account: Where every request is paid from; None bounds and keeps nothing.

        Raises:
            ConfigError: There is neither a key nor an endpoint of one's own.
        """
        from openai import AsyncOpenAI

        self.name = model
        self.piece = PIECE
        self._model, _, own = model.partition("@")
        endpoint = own or base_url
        key = os.environ.get("OPENAI_API_KEY") or ("not-needed" if endpoint else None)
        if key is None:
            raise ConfigError(
                f"embedding_model={model!r} needs OPENAI_API_KEY or an endpoint; "
                "or use embedding_model='builtin/hashed-ngrams'"
            )
        self._timeout = timeout
        self._account = account or Account(MemoryLedger(), {}, Budget(None))
        # Repeated by the step around it: here nobody would see it, and a long wait would have no end.
        self._client = AsyncOpenAI(api_key=key, base_url=endpoint, timeout=timeout, max_retries=0)

    @property
    def identity(self) -> str:
        """The model's name, without where it is asked."""
        return f"{self._model} {EDITION}"

    async def embed(self, code: str, language: str) -> Vector:
        """The endpoint's embedding, `(d,)` float32 of unit length.

        Raises:
            ModelError: The endpoint cannot be reached, or refuses even short texts.
        """
        del language
        while True:
            parts = pieces(code, self.piece)
            try:
                vectors = [await self._ask(parts[i : i + TOGETHER]) for i in range(0, len(parts), TOGETHER)]
                break
            except ModelError as error:
                if error.reason != "prompt_too_long" or self.piece <= SMALLEST_PIECE:
                    raise
                self.piece = max(self.piece // 2, SMALLEST_PIECE)
        vector = pooled(np.concatenate(vectors), [len(part.encode("utf-8", "replace")) for part in parts])
        norm = float(np.linalg.norm(vector))
        if not np.isfinite(norm) or norm == 0.0:
            raise UnusableAnswerError(
                f"{self.name}: the endpoint returned an embedding of length {norm}", model=self.name
            )
        return vector

    async def _ask(self, parts: list[str]) -> NDArray[np.float32]:
        """One request: `(n, d)` float32, in the order of the pieces."""
        from shinka_core.llm.faults import translate

        create: Any = self._client.embeddings.with_raw_response.create
        async with self._account.embedding(self.name, parts) as bill:
            try:
                async with asyncio.timeout(self._timeout):
                    # Read here and not by the library, which makes an object of every number: far too slow for the loop.
                    response = await create(model=self._model, input=parts, encoding_format="float")
                vectors, tokens = await asyncio.to_thread(_read, response.http_response.content, len(parts))
            except Exception as error:
                # As with answers: whatever shape a server sends, it is the endpoint's failure.
                raise translate(error, self.name) from error
            bill.counted(tokens)
            return vectors


def _read(body: bytes, count: int) -> tuple[NDArray[np.float32], object]:
    """The vectors, and the tokens that the endpoint counted for them, if it did."""
    answer: Any = json.loads(body)
    vectors = np.asarray([item["embedding"] for item in answer["data"]], dtype=np.float32)
    if vectors.ndim != 2 or len(vectors) != count:
        raise ValueError(f"embeddings of shape {vectors.shape} for {count} texts")
    usage: Any = answer.get("usage") or {}
    return vectors, usage.get("prompt_tokens") or usage.get("total_tokens")
