"""Every island selector holds to the contract, whoever made it and however it is named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shinka.testing import IslandSelectorContract
from shinka_core.population.islands import ISLANDS, IslandSelector
from shinka_core.population.view import IslandStats, PopulationView
from tests.support.elsewhere import installed

SPECS: list[Any] = [
    *ISLANDS,
    {"name": "weighted", "weights": [0, 2, 1]},
    {"name": "ucb", "reward": "gain", "decay": 0.9, "first": 3},
    {"name": "ucb", "reward": "improved"},
    {"name": "thompson", "reward": "improved", "decay": 0.9},
    {"name": "thompson", "reward": "gain"},
    {"name": "halving", "keep": [2, 1], "at": [0.3, 0.6]},
]


class TestRegistered(IslandSelectorContract):
    @pytest.fixture(autouse=True, params=SPECS, ids=str)
    def _named(self, request: pytest.FixtureRequest) -> None:
        self.spec = request.param

    def selector(self) -> IslandSelector:
        return ISLANDS.create(self.spec)


@dataclass(frozen=True)
class Newest:
    """The island that was made last, or so many before it."""

    before: int = 0

    def select(self, view: PopulationView, islands: IslandStats, rng: np.random.Generator) -> int:
        return int(islands.numbers[max(len(islands.numbers) - 1 - self.before, 0)])


class TestObject(IslandSelectorContract):
    def selector(self) -> IslandSelector:
        return ISLANDS.create(Newest(1))


class TestPlace(IslandSelectorContract):
    def selector(self) -> IslandSelector:
        return ISLANDS.create({"name": f"{__name__}:Newest", "before": 2})


class TestEntryPoint(IslandSelectorContract):
    @pytest.fixture(autouse=True)
    def _installed(self, tmp_path: Path) -> Iterator[None]:
        source = (
            "class Part:\n    def select(self, view, islands, rng):\n        return int(rng.choice(islands.numbers))\n"
        )
        with installed(tmp_path, "shinka.islands", "dice", source):
            yield

    def selector(self) -> IslandSelector:
        return ISLANDS.create("dice")


class Forgetful:
    """Counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    def select(self, view: PopulationView, islands: IslandStats, rng: np.random.Generator) -> int:
        self.calls += 1
        return int(islands.numbers[self.calls % len(islands.numbers)])


class First:
    def select(self, view: PopulationView, islands: IslandStats, rng: np.random.Generator) -> int:
        return 0


@pytest.mark.parametrize(
    ("wrong", "test"),
    [
        (First(), "test_a_retired_island_is_never_chosen"),
        (Forgetful(), "test_the_same_population_and_generator_choose_the_same"),
    ],
)
def test_the_contract_refuses_what_does_not_hold_to_it(wrong: IslandSelector, test: str) -> None:
    contract = IslandSelectorContract()
    contract.selector = lambda: wrong
    with pytest.raises(AssertionError):
        getattr(contract, test)()
