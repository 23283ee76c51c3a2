"""Asking models."""

from __future__ import annotations

from shinka_core.llm import AsyncLLMClient
from shinka_core.shinkaevolve.absent import lazily
from shinka_core.shinkaevolve.bandits import asymmetric_ucb as AsymmetricUCB  # noqa: N812 - its name there
from shinka_core.shinkaevolve.bandits import fixed_sampler as FixedSampler  # noqa: N812
from shinka_core.shinkaevolve.bandits import thompson_sampler as ThompsonSampler  # noqa: N812
from shinka_core.shinkaevolve.llm_client import LLMClient, QueryResult, extract_between

__all__ = [
    "AsymmetricUCB",
    "AsyncLLMClient",
    "FixedSampler",
    "LLMClient",
    "QueryResult",
    "ThompsonSampler",
    "extract_between",
]

_EMBEDDING = "set EvolutionConfig(embedding_model=...); of your own models any client will do"
TYPE_CHECKING = False
if not TYPE_CHECKING:
    __getattr__ = lazily(
        "shinka.llm",
        {},
        {
            "BanditBase": "a bandit of one's own has pull and observe (shinka.operators.Bandit)",
            "EmbeddingClient": _EMBEDDING,
            "AsyncEmbeddingClient": _EMBEDDING,
        },
    )
