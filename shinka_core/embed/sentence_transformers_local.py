"""Embeddings from a sentence-transformers model on this machine (extra `embeddings`)."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np

from shinka_core.embed.embedder import Vector
from shinka_core.embed.identity import EDITION, Identity
from shinka_core.embed.pieces import pieces, pooled
from shinka_core.errors import ConfigError
from shinka_core.model_address import SENTENCE_TRANSFORMERS

# Tokens, where the model does not say how many it reads.
DEFAULT_LENGTH = 256
# Tokens that the model adds by itself, at either end.
ADDED = 2
# Bytes of source code that make a token, about; whether they do is looked at.
BYTES_PER_TOKEN = 3


class SentenceTransformersEmbedder:
    """Runs the model in a thread; torch gives the interpreter free while it computes.

    Models read as many tokens as they were trained with (256 or 512, as a rule) and silently leave out the rest,
    so a program is cut into pieces that are read whole.
    """

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
        self.name = f"{SENTENCE_TRANSFORMERS}{model}"
        try:
            self._model: Any = _loaded(SentenceTransformer, model)
        except (OSError, ValueError) as error:
            raise ConfigError(f"embedding_model={self.name!r} cannot be loaded: {error}") from error
        self._length = int(self._model.max_seq_length or DEFAULT_LENGTH) - ADDED
        self.piece = self._length * BYTES_PER_TOKEN
        self.identity = Identity(self.name, f"edition {EDITION}, pieces of {self._length} tokens")
        self._turn = asyncio.Lock()  # one batch at a time: torch uses every core by itself

    async def embed(self, code: str, language: str) -> Vector:
        """The model's embedding, `(d,)` float32 of unit length."""
        del language
        async with self._turn:
            return await asyncio.to_thread(self._embed, code)

    async def close(self) -> None:
        """Has nothing to close."""

    def _embed(self, code: str) -> Vector:
        parts = [part for rough in pieces(code, self.piece) for part in self._read_whole(rough)]
        vectors = np.asarray(self._model.encode(parts, normalize_embeddings=True), dtype=np.float32)
        return pooled(vectors, [len(part.encode("utf-8", "replace")) for part in parts])

    def _read_whole(self, text: str) -> list[str]:
        """The text, or its halves, and so on, until the model reads all of each."""
        size = len(text.encode("utf-8", "replace"))
        if size <= self._length or len(self._model.tokenizer.tokenize(text)) <= self._length:
            return [text]
        return [part for half in pieces(text, max(size // 2, 4)) for part in self._read_whole(half)]


def _loaded(kind: Any, model: str) -> Any:
    return kind(model)
