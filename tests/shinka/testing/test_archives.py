"""Every archive holds to the contract, whoever made it and however it is named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shinka.testing import ArchiveContract
from shinka_core.population.archives import ARCHIVES, Archive, ArchiveChange
from shinka_core.population.view import PopulationView
from tests.support.elsewhere import installed

SPECS: list[Any] = [
    *ARCHIVES,
    {"name": "fitness", "size": 3},
    {"name": "crowding", "size": 3},
    {"name": "map_elites", "features": ["length", "score"], "bins": 3},
    {"name": "map_elites", "features": ["diversity"], "scaling": "quantiles", "bins": {"diversity": 4}},
    {"name": "map_elites", "features": ["length"], "bounds": {"length": [0, 100]}},
    {"name": "pareto", "size": 4},
    {"name": "pareto", "objectives": {"length": "min", "score": "max"}, "size": 3},
]


class TestRegistered(ArchiveContract):
    @pytest.fixture(autouse=True, params=SPECS, ids=str)
    def _named(self, request: pytest.FixtureRequest) -> None:
        self.spec = request.param

    def archive(self) -> Archive:
        return ARCHIVES.create(self.spec)


@dataclass(frozen=True)
class Latest:
    """The newest programs."""

    size: int = 3

    def offer(self, view: PopulationView, newcomer: int, rng: np.random.Generator) -> ArchiveChange:
        return ArchiveChange(True, tuple(view.elites.tolist()[: len(view.elites) + 1 - self.size]))


class TestObject(ArchiveContract):
    def archive(self) -> Archive:
        return ARCHIVES.create(Latest(5))


class TestPlace(ArchiveContract):
    def archive(self) -> Archive:
        return ARCHIVES.create({"name": f"{__name__}:Latest", "size": 2})


class TestEntryPoint(ArchiveContract):
    @pytest.fixture(autouse=True)
    def _installed(self, tmp_path: Path) -> Iterator[None]:
        source = (
            "from shinka_core.population.archives import ArchiveChange\n"
            "class Part:\n"
            "    def offer(self, view, newcomer, rng):\n"
            "        return ArchiveChange(bool(rng.random() < 0.5), cell='coin')\n"
        )
        with installed(tmp_path, "shinka.archives", "coin", source):
            yield

    def archive(self) -> Archive:
        return ARCHIVES.create("coin")


class Forgetful:
    """Takes every other program that it is offered, whichever that is."""

    def __init__(self) -> None:
        self.calls = 0

    def offer(self, view: PopulationView, newcomer: int, rng: np.random.Generator) -> ArchiveChange:
        self.calls += 1
        return ArchiveChange(self.calls % 2 == 0)


class Throws:
    """Has leave who is no member."""

    def offer(self, view: PopulationView, newcomer: int, rng: np.random.Generator) -> ArchiveChange:
        return ArchiveChange(True, (newcomer,))


class Hasty(Latest):
    """Is rebuilt to something else."""

    def rebuild(self, view: PopulationView, rng: np.random.Generator) -> tuple[int, ...]:
        return (0,)


@pytest.mark.parametrize(
    ("wrong", "test"),
    [
        (Forgetful(), "test_the_same_offers_come_to_the_same_members"),
        (Throws(), "test_the_same_offers_come_to_the_same_members"),
        (Hasty(), "test_a_quicker_way_comes_to_the_same_members"),
    ],
)
def test_the_contract_refuses_what_does_not_hold_to_it(wrong: Archive, test: str) -> None:
    contract = ArchiveContract()
    contract.archive = lambda: wrong
    with pytest.raises(AssertionError):
        getattr(contract, test)()
