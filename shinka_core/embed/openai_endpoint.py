"""Embeddings from an OpenAI-compatible endpoint."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import urlencode

import numpy as np
from numpy.typing import NDArray

from shinka_core.budget import Budget
from shinka_core.embed.embedder import Vector
from shinka_core.embed.identity import EDITION, Identity
from shinka_core.embed.pieces import pieces, pooled
from shinka_core.errors import ModelError, UnusableAnswerError
from shinka_core.llm.account import Account
from shinka_core.llm.complaint import is_complaint, read_complaint
from shinka_core.llm.connection import Connection
from shinka_core.llm.endpoint import Endpoint
from shinka_core.llm.ledger import MemoryLedger
from shinka_core.llm.libraries import EMBEDDINGS
from shinka_core.llm.prices import PriceList
from shinka_core.llm.reply import Reply
from shinka_core.model_address import split_model

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
        self,
        model: str,
        endpoint: Endpoint,
        *,
        name: str | None = None,
        timeout: float = 60.0,
        account: Account | None = None,
    ) -> None:
        """Prepares the connection.

        Args:
            model: `name` or `name@https://host/v1`.
            endpoint: Where to ask, and with which key.
            name: What the model is called there; None: its name without the address.
            account: Where every request is paid from; None bounds and keeps nothing.
        """
        self.name = model
        self.piece = PIECE
        self._model = split_model(model)[0] if name is None else name
        self._account = account or Account(MemoryLedger(), PriceList(), Budget(None))
        self._connection = Connection(endpoint, timeout=timeout)

    @property
    def identity(self) -> Identity:
        """The model's name and where it is asked: another server may have another model of that name."""
        endpoint = self._connection.endpoint
        place = "?".join(part for part in (endpoint.address.base, urlencode(endpoint.query)) if part)
        return Identity(self._model, f"edition {EDITION}, pieces of {PIECE} bytes", place)

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

    async def close(self) -> None:
        """Closes the connection."""
        await self._connection.close()

    async def _ask(self, parts: list[str]) -> NDArray[np.float32]:
        """One request: `(n, d)` float32, in the order of the pieces."""
        body = {"model": self._model, "input": parts, "encoding_format": "float"}
        async with self._account.embedding(self.name, parts) as bill:
            reply = await self._connection.post(EMBEDDINGS, body, model=self.name)
            try:
                vectors, tokens = await asyncio.to_thread(_read, reply.content, len(parts))
            except (ValueError, TypeError, LookupError, AttributeError):
                raise self._fault(reply) from None
            self._connection.has_answered = True
            bill.counted(tokens)
            return vectors

    def _fault(self, reply: Reply) -> ModelError:
        """What a reply without vectors means."""
        text, said = reply.text, reply.json()
        if not reply.is_good or said is None or is_complaint(said):
            return self._connection.fault(read_complaint(reply.status, reply.headers, text, said), self.name)
        return self._connection.no_answer(text, self.name)


def _read(body: bytes, count: int) -> tuple[NDArray[np.float32], object]:
    """The vectors, and the tokens that the endpoint counted for them, if it did."""
    answer: Any = json.loads(body)
    vectors = np.asarray([item["embedding"] for item in answer["data"]], dtype=np.float32)
    if vectors.ndim != 2 or len(vectors) != count:
        raise ValueError(f"embeddings of shape {vectors.shape} for {count} texts")
    usage: Any = answer.get("usage") or {}
    return vectors, usage.get("prompt_tokens") or usage.get("total_tokens")
