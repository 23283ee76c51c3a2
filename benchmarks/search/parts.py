"""Ours with one part on or off: what is laid over the defaults."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shinka_core.config import EvolutionConfig

Settings = Mapping[str, Mapping[str, Any]]


def with_operator(name: str, share: float) -> dict[str, Any]:
    """The default operators and one more, which makes so many of the proposals."""
    defaults = EvolutionConfig()
    shares = [weight * (1 - share) / sum(defaults.patch_type_probs) for weight in defaults.patch_type_probs]
    return {"patch_types": [*defaults.patch_types, name], "patch_type_probs": [*shares, share]}


# The tuner alone: no model is asked.
TUNER: Settings = {"evolution": {"patch_types": ["tune"], "patch_type_probs": [1.0]}}


# Text feedback is not among them: the mutation model reads none, so its part cannot be measured here.
PARTS: Mapping[str, Settings] = {
    "ours-no-tuning": {"evolution": {"tuning": None}},
    "ours-1-trajectory": {"database": {"num_islands": 1}},
    "ours-thompson": {"database": {"num_islands": 4}},
    "ours-migration": {"database": {"migration_strategy": {"name": "ring", "share": 0, "best": 1}}},
    "ours-always-inspired": {"database": {"inspiration_share": 1.0}},
    "ours-no-inspirations": {"database": {"inspiration_strategies": list[str]()}},
    "ours-evaluates-copies": {"evolution": {"exact_duplicates": "evaluate", "embedding_model": None}},
    "ours-no-ideas": {"evolution": {"ideas": None}},
    "ours-advice": {"evolution": {"advice": "advice"}},
    "ours-tune": {"evolution": with_operator("tune", 0.1)},
    "ours-mutate": {"evolution": with_operator("mutate", 0.2)},
}
