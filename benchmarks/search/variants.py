"""What was tried before the defaults were chosen: settings of the section `database`, for the simulation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Settings = Mapping[str, Any]

# What the defaults were before they were measured; every variant is another answer to one or two of its questions.
BEFORE: Settings = {
    "num_islands": 2,
    "parent_selection_strategy": "weighted",
    "island_selection_strategy": "uniform",
    "inspiration_share": 1.0,
}

RING: Settings = {"migration_strategy": {"name": "ring", "share": 0, "best": 1}, "migration_interval": 10}
ALONE: Settings = {"num_islands": 1}
RANK_2: Settings = {"parent_selection_strategy": {"name": "rank", "power": 2}}


def parents(name: str, **parameters: Any) -> Settings:
    """A parent selection on islands whose best are copied to the next, as it must be to do well on two."""
    return {"parent_selection_strategy": {"name": name, **parameters}, **RING}


def trajectories(count: int, policy: str | Settings) -> Settings:
    """Islands that exchange nothing, under a policy of allocation."""
    return {
        **RANK_2,
        "num_islands": count,
        "island_selection_strategy": policy,
        "migration_strategy": "none",
    }


_CHANGES: Mapping[str, Settings] = {
    "before": {},
    "parents-weighted": parents("weighted"),
    "parents-power-law": parents("power_law"),
    "parents-rank-1": parents("rank", power=1),
    "parents-rank-2": parents("rank", power=2),
    "parents-rank-3": parents("rank", power=3),
    "parents-epsilon-0.1": parents("epsilon_greedy", epsilon=0.1),
    "parents-epsilon-0.2": parents("epsilon_greedy", epsilon=0.2),
    "parents-hill-climbing": parents("hill_climbing"),
    "parents-puct": parents("puct"),
    "parents-tournament": parents("tournament"),
    "islands-1": {**RANK_2, **ALONE},
    "islands-4": {**RANK_2, **RING, "num_islands": 4},
    "islands-apart": trajectories(2, "uniform"),
    "halving-4": trajectories(4, {"name": "halving", "keep": [2, 1], "at": [0.25, 0.5]}),
    "halving-8": trajectories(8, {"name": "halving", "keep": [4, 2, 1], "at": [0.25, 0.5, 0.75]}),
    "halving-12": trajectories(12, "halving"),
    "thompson-4": trajectories(4, "thompson"),
    "ucb-4": trajectories(4, "ucb"),
    "inspirations-half": {**parents("rank", power=3), "inspiration_share": 0.5},
    "inspirations-none": {**RANK_2, **RING, "inspiration_strategies": list[Any]()},
    "inspirations-top": {**RANK_2, **RING, "inspiration_strategies": [{"name": "top_k", "count": 1}]},
    "inspirations-diverse": {**RANK_2, **RING, "inspiration_strategies": [{"name": "diverse", "count": 2}]},
    "archive-10": {**RING, "archive_size": 10},
    "fresh-best": {**RANK_2, **RING, "stagnation_threshold": 40, "island_origin": "best"},
    "fresh-seed": {**RANK_2, **RING, "stagnation_threshold": 40, "island_origin": "initial"},
    "fresh-bootstrap": {**RANK_2, **RING, "stagnation_threshold": 40, "island_origin": "bootstrap"},
}

# Every question that a default answers, with several answers; nothing is tuned beside the proposals.
VARIANTS: Mapping[str, Settings] = {name: {**BEFORE, **settings} for name, settings in _CHANGES.items()}

HALVING: Settings = {"island_selection_strategy": {"name": "halving", "keep": [2, 1], "at": [0.25, 0.5]}}
# Other numbers of trajectories than the length of the run asks for.
ISLANDS: Mapping[str, Settings] = {
    "one-island": {"num_islands": 1},
    "two-islands": {"num_islands": 2, **HALVING},
    "four-islands": {"num_islands": 4, **HALVING},
    "thompson-2": {"num_islands": 2},
}

# The defaults with one part off, or on where it is off.
OFF: Mapping[str, Settings] = {
    "equal-islands": {"island_selection_strategy": "uniform"},
    "weighted-parents": {"parent_selection_strategy": "weighted"},
    "no-inspirations": {"inspiration_strategies": list[Any]()},
    "always-inspired": {"inspiration_share": 1.0},
    "ring": RING,
}
