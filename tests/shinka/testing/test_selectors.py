"""The contracts of selectors: held by all of the project's, by a user's own, and broken by what breaks them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from shinka.testing import InspirationSelectorContract, ParentSelectorContract
from shinka_core.population.inspirations import INSPIRATIONS, InspirationSelector
from shinka_core.population.parents import PARENTS, ParentSelector
from shinka_core.population.view import PopulationView
from tests.shinka.testing.outside import Coin, Neighbours, Shortest

# For each registered selector as it is, and where parameters change what it does.
PARENT_SPECS: list[Any] = [
    *PARENTS,
    {"name": "weighted", "sharpness": 1e-3},
    {"name": "power_law", "alpha": 3, "exploitation_ratio": 1},
    {"name": "rank", "power": 0},
    {"name": "epsilon_greedy", "epsilon": 1},
    {"name": "beam_search", "beams": 1},
    {"name": "hill_climbing", "sideways": True},
    {"name": "tournament", "size": 50},
    {"name": "novelty", "nearest": 1},
    {"name": "puct", "exploration": 100},
]
INSPIRATION_SPECS: list[Any] = [
    *INSPIRATIONS,
    {"name": "archive", "count": 7, "separate": False},
    {"name": "top_k", "count": 7},
    {"name": "diverse", "count": 3, "good": 0.9},
    {"name": "pareto", "count": 7},
    {"name": "lineage", "ancestors": 3, "siblings": 3, "children": 3},
    {"name": "lineage", "ancestors": 0, "siblings": 0, "children": 1},
]
OURS_TAKE_AT_MOST = 25.0  # milliseconds; five, but for what a busy machine adds


class TestParentsByName(ParentSelectorContract):
    milliseconds = OURS_TAKE_AT_MOST

    @pytest.fixture(autouse=True, params=PARENT_SPECS, ids=str)
    def _choose(self, request: pytest.FixtureRequest) -> None:
        self.spec = request.param

    def make(self) -> ParentSelector:
        return PARENTS.create(self.spec)


class TestInspirationsByName(InspirationSelectorContract):
    milliseconds = OURS_TAKE_AT_MOST

    @pytest.fixture(autouse=True, params=INSPIRATION_SPECS, ids=str)
    def _choose(self, request: pytest.FixtureRequest) -> None:
        self.spec = request.param

    def make(self) -> InspirationSelector:
        return INSPIRATIONS.create(self.spec)


class TestAParentSelectorGivenAsAnObject(ParentSelectorContract):
    def make(self) -> ParentSelector:
        return PARENTS.create(Coin())


class TestAParentSelectorNamedByItsPlace(ParentSelectorContract):
    def make(self) -> ParentSelector:
        return PARENTS.create({"name": "tests.shinka.testing.outside:Shortest", "feature": "length"})


class TestInspirationsGivenAsAnObject(InspirationSelectorContract):
    def make(self) -> InspirationSelector:
        return INSPIRATIONS.create(Neighbours())


class TestInspirationsNamedByTheirPlace(InspirationSelectorContract):
    def make(self) -> InspirationSelector:
        return INSPIRATIONS.create("tests.shinka.testing.outside:nobody")


OUTSIDE = """
from tests.shinka.testing.outside import Neighbours, Shortest
class FromOutside(Shortest): pass
class NeighboursFromOutside(Neighbours): pass
"""


@pytest.fixture
def another_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "outside_selectors.py").write_text(OUTSIDE)
    metadata = tmp_path / "outside_selectors-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: outside-selectors\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[shinka.parents]\nshortest = outside_selectors:FromOutside\n"
        "[shinka.inspirations]\nneighbours = outside_selectors:NeighboursFromOutside\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield
    sys.modules.pop("outside_selectors", None)


@pytest.mark.usefixtures("another_package")
class TestAParentSelectorOfAnotherPackage(ParentSelectorContract):
    def make(self) -> ParentSelector:
        made = PARENTS.create({"name": "shortest", "feature": "length"})
        assert isinstance(made, Shortest)
        return made


@pytest.mark.usefixtures("another_package")
class TestInspirationsOfAnotherPackage(InspirationSelectorContract):
    def make(self) -> InspirationSelector:
        return INSPIRATIONS.create("neighbours")


def test_every_selector_of_the_project_is_known_once_the_population_is() -> None:
    assert set(PARENTS) >= {
        "beam_search", "best_of_n", "epsilon_greedy", "hill_climbing", "novelty", "pareto", "power_law", "puct",
        "rank", "sequential", "tournament", "uniform", "weighted",
    }  # fmt: skip
    assert set(INSPIRATIONS) >= {"archive", "diverse", "lineage", "pareto", "top_k"}


# What breaks a contract, and the test that has to say so.

Select = Callable[..., Any]


class Broken:
    """A selector of one function."""

    count: ClassVar[int] = 0

    def __init__(self, select: Select) -> None:
        self.select = select


def write_a_score(view: PopulationView, island: int, rng: np.random.Generator) -> int:
    view.scores[0] = 1.0
    return view.best_on(island)


def newest_of_all(view: PopulationView, island: int, rng: np.random.Generator) -> int:
    return len(view) - 1


def a_float(view: PopulationView, island: int, rng: np.random.Generator) -> float:
    return float(view.best_on(island))


def its_own_chance(view: PopulationView, island: int, rng: np.random.Generator) -> int:
    return int(np.random.default_rng().choice(view.fit_on(island)))


def a_count(view: PopulationView, island: int, rng: np.random.Generator) -> int:
    Broken.count += 1
    fit = view.fit_on(island)
    return int(fit[Broken.count % len(fit)])


@pytest.mark.parametrize(
    ("select", "test"),
    [
        (write_a_score, "test_the_population_is_left_as_it_is"),
        (newest_of_all, "test_at_every_edge_the_parent_is_a_correct_program_of_the_island"),
        (newest_of_all, "test_in_any_population_the_parent_is_a_correct_program_of_the_island"),
        (a_float, "test_at_every_edge_the_parent_is_a_correct_program_of_the_island"),
        (its_own_chance, "test_all_chance_is_of_the_generator"),
        (a_count, "test_nothing_is_kept_between_draws"),
    ],
)
def test_a_parent_selector_that_breaks_the_contract_is_found(select: Select, test: str) -> None:
    class Contract(ParentSelectorContract):
        def make(self) -> ParentSelector:
            return Broken(select)

    with pytest.raises((AssertionError, ValueError)):
        getattr(Contract(), test)()


def a_list(view: PopulationView, island: int, parent: int, taken: tuple[int, ...], rng: np.random.Generator) -> Any:
    return []


def the_best(view: PopulationView, island: int, parent: int, taken: tuple[int, ...], rng: np.random.Generator) -> Any:
    return (view.best_on(island),)


def not_the_parent(
    view: PopulationView, island: int, parent: int, taken: tuple[int, ...], rng: np.random.Generator
) -> Any:
    return tuple(program for program in view.fit_on(island).tolist() if program != parent)


def twice(view: PopulationView, island: int, parent: int, taken: tuple[int, ...], rng: np.random.Generator) -> Any:
    return not_the_parent(view, island, parent, taken, rng) * 2


def failures(view: PopulationView, island: int, parent: int, taken: tuple[int, ...], rng: np.random.Generator) -> Any:
    return tuple(np.flatnonzero(~view.correct).tolist())


@pytest.mark.parametrize("select", [a_list, the_best, not_the_parent, twice, failures])
def test_an_inspiration_selector_that_breaks_the_contract_is_found(select: Select) -> None:
    class Contract(InspirationSelectorContract):
        def make(self) -> InspirationSelector:
            return Broken(select)

    with pytest.raises(AssertionError):
        Contract().test_in_any_population_inspirations_are_other_correct_programs_none_twice()
