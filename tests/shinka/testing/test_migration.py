"""Every migration holds to the contract, whoever made it and however it is named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shinka.testing import MigrationContract
from shinka_core.population.migration import MIGRATIONS, Migration, Move
from shinka_core.population.view import IslandStats, PopulationView
from tests.support.elsewhere import installed

SPECS: list[Any] = [
    *MIGRATIONS,
    *({"name": name, "share": 0, "best": 3} for name in ("random", "ring", "broadcast")),
    *({"name": name, "share": 1, "keep_best": True} for name in ("random", "ring", "broadcast")),
]


class TestRegistered(MigrationContract):
    @pytest.fixture(autouse=True, params=SPECS, ids=str)
    def _named(self, request: pytest.FixtureRequest) -> None:
        self.spec = request.param

    def migration(self) -> Migration:
        return MIGRATIONS.create(self.spec)


@dataclass(frozen=True)
class Gather:
    """The best of every island to the first, or so many of them."""

    most: int = 100

    def plan(self, view: PopulationView, islands: IslandStats, rng: np.random.Generator) -> tuple[Move, ...]:
        first, *others = islands.numbers.tolist()
        best = {int(fit[np.argmax(view.scores[fit])]): n for n in others if len(fit := view.fit_on(n))}
        moves = [Move(program, n, first) for program, n in best.items() if program not in view.islands[first]]
        return tuple(moves[: self.most])


class TestObject(MigrationContract):
    def migration(self) -> Migration:
        return MIGRATIONS.create(Gather(1))


class TestPlace(MigrationContract):
    def migration(self) -> Migration:
        return MIGRATIONS.create(f"{__name__}:Gather")


class TestEntryPoint(MigrationContract):
    @pytest.fixture(autouse=True)
    def _installed(self, tmp_path: Path) -> Iterator[None]:
        source = "class Part:\n    def plan(self, view, islands, rng):\n        return ()\n"
        with installed(tmp_path, "shinka.migrations", "closed", source):
            yield

    def migration(self) -> Migration:
        return MIGRATIONS.create("closed")


@dataclass(frozen=True)
class Wrong:
    """The newest program of each island moves to the next, wherever it lives and whoever lives."""

    def plan(self, view: PopulationView, islands: IslandStats, rng: np.random.Generator) -> tuple[Move, ...]:
        count = len(view.islands)
        return tuple(Move(int(view.islands[n][-1]), n, (n + 1) % count) for n in range(count) if len(view.islands[n]))


@pytest.mark.parametrize(
    "test", ["test_nobody_moves_where_one_island_lives", "test_moves_are_allowed_in_populations_of_every_size"]
)
def test_the_contract_refuses_what_does_not_hold_to_it(test: str) -> None:
    contract = MigrationContract()
    contract.migration = Wrong
    with pytest.raises(AssertionError):
        getattr(contract, test)(*(["usual"] if "size" in test else []))
