"""Names of ShinkaEvolve's clients of embeddings, each with what to use here."""

from __future__ import annotations

from shinka_core.shinkaevolve.absent import lazily

__all__: list[str] = []

_SETTING = "set EvolutionConfig(embedding_model=...), which the run embeds programs by"
__getattr__ = lazily(
    "shinka.embed",
    {},
    dict.fromkeys(
        (
            "EmbeddingClient",
            "AsyncEmbeddingClient",
            "get_client_embed",
            "get_async_client_embed",
            "count_tokens",
            "estimate_tokens",
        ),
        _SETTING,
    ),
)
