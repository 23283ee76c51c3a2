"""Embeddings of programs, for the novelty check."""

from __future__ import annotations

from shinka_core.config import BUILTIN_EMBEDDING, EvolutionConfig
from shinka_core.embed.embedder import Embedder
from shinka_core.embed.hashed_ngrams import HashedNgrams
from shinka_core.errors import ConfigError
from shinka_core.llm.account import Account
from shinka_core.llm.endpoint import endpoint_of, sent_name
from shinka_core.model_address import SENTENCE_TRANSFORMERS, is_builtin

__all__ = ["Embedder", "HashedNgrams", "embedder"]


def embedder(
    model: str | None, *, config: EvolutionConfig | None = None, account: Account | None = None
) -> Embedder | None:
    """The embedding back end of that name.

    Args:
        model: `builtin/hashed-ngrams`, `sentence-transformers/<model or folder>`, the name of an
            OpenAI-compatible embedding model (`name@https://host/v1` for its own endpoint), or
            None for no embedding.
        config: Of the run, which knows the endpoints and their keys.
        account: Where requests to an endpoint are paid from.

    Raises:
        ConfigError: The name is unknown, or what it needs is not there.
    """
    if model is None:
        return None
    if model == BUILTIN_EMBEDDING:
        return HashedNgrams()
    if is_builtin(model):
        raise ConfigError(f"embedding_model={model!r} is not built in; the built-in one is {BUILTIN_EMBEDDING!r}")
    if model.startswith(SENTENCE_TRANSFORMERS):
        from shinka_core.embed.sentence_transformers_local import SentenceTransformersEmbedder

        return SentenceTransformersEmbedder(model.removeprefix(SENTENCE_TRANSFORMERS))
    from shinka_core.embed.openai_endpoint import OpenAIEmbedder

    settings = config or EvolutionConfig(embedding_model=model)
    return OpenAIEmbedder(model, endpoint_of(model, settings), name=sent_name(model, settings), account=account)
