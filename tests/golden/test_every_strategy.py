"""Every strategy in a whole evolution: it goes to its end, repeats itself, and is read back as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.golden.evolutions import GENERATIONS, story
from tests.support.runs import rows, settings_for

MAP: dict[str, Any] = {"name": "map_elites", "features": ["length", "complexity", "first"], "bins": 4}
SERVED: dict[str, Any] = {"llm_models": ["one", "two"]}

# Each names others of every kind.
SEARCHES: dict[str, dict[str, Any]] = {
    "a": {
        "evolution": {"seed": 1, **SERVED, "bandit": "asymmetric_ucb"},
        "database": {
            "parent_selection_strategy": "puct", "inspiration_strategies": ["diverse", "lineage"],
            "island_selection_strategy": "ucb", "archive_strategy": MAP, "num_islands": 3,
            "migration_strategy": {"name": "ring", "best": 1}, "migration_interval": 4,
        },
        "job": {"wrong": 6},
    },
    "b": {
        "evolution": {"seed": 2, **SERVED, "bandit": "thompson"},
        "database": {
            "parent_selection_strategy": {"name": "epsilon_greedy", "epsilon": 0.3},
            "inspiration_strategies": ["pareto", {"name": "top_k", "count": 2}],
            "island_selection_strategy": "thompson", "archive_strategy": "crowding", "archive_size": 6,
            "migration_strategy": {"name": "broadcast", "best": 1, "share": 0.0}, "migration_interval": 6,
            "stagnation_threshold": 1, "island_cooldown": 3, "island_origin": "archive",
        },
        "faults": ["", "", *["no_code"] * 8],
    },
    "c": {
        "evolution": {"seed": 3, "bandit": "ucb1"},
        "database": {
            "parent_selection_strategy": "tournament", "island_selection_strategy": "halving", "num_islands": 4,
            "archive_strategy": {"name": "pareto", "objectives": {"score": "max", "length": "min"}},
            "migration_strategy": "none",
        },
    },
}  # fmt: skip


@pytest.mark.parametrize("search", SEARCHES)
async def test_an_evolution_under_other_strategies_goes_to_its_end_and_repeats_itself(
    search: str, tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    told = []
    with settings_for(prefect_api, prefect_home):
        for life in ("first", "second"):
            (tmp_path / life).mkdir()
            told.append(await story(SEARCHES[search], tmp_path / life))
    assert told[0] == told[1]
    assert len(told[0]) == GENERATIONS + 1
    assert all("failure" not in generation or generation["failure"].startswith("patch") for generation in told[0])
    assert max(generation.get("score") or 0.0 for generation in told[0]) > told[0][0]["score"]
    results = tmp_path / "first" / "results"
    features = rows(results, "SELECT features FROM programs ORDER BY sequence LIMIT 1")[0][0]
    assert all(name in features for name in ("length", "lines", "complexity", "first")), features
    if search == "b":
        assert rows(results, "SELECT count(*) FROM islands WHERE origin = 'archive'")[0][0] > 0
    if search == "c":
        assert rows(results, "SELECT count(*) FROM islands WHERE retired_after IS NOT NULL")[0][0] > 0
