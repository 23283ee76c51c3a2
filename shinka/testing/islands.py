"""What every island selector has to hold to, as tests: subclass `IslandSelectorContract` and say how one is made."""

from __future__ import annotations

import numpy as np
import pytest

from shinka.testing.views import edge_views, random_view, stats_of
from shinka_core.population.islands.protocol import IslandSelector
from shinka_core.population.view import PopulationView

VIEWS = edge_views()
SIZES = {"small": (12, 3), "usual": (100, 4), "large": (1000, 12)}


class IslandSelectorContract:
    """The tests. Override `selector`."""

    def selector(self) -> IslandSelector:
        """A selector, the same whenever it is asked for."""
        raise NotImplementedError

    @pytest.mark.parametrize("special", VIEWS)
    def test_a_living_island_is_chosen_whatever_the_population_is(self, special: str) -> None:
        self._check(VIEWS[special])

    @pytest.mark.parametrize("size", SIZES)
    def test_a_living_island_is_chosen_of_populations_of_every_size(self, size: str) -> None:
        programs, islands = SIZES[size]
        for seed in range(10):
            self._check(random_view(np.random.default_rng(seed), programs, islands=islands))

    def test_a_retired_island_is_never_chosen(self) -> None:
        view = random_view(np.random.default_rng(0), 60, islands=4)
        for left in range(4):
            others = [number for number in range(4) if number != left]
            for progress in (0.0, 0.5, 1.0):
                islands = stats_of(view, retired=others, progress=progress)
                assert self.selector().select(view, islands, np.random.default_rng(0)) == left

    def test_the_same_population_and_generator_choose_the_same(self) -> None:
        for seed in range(10):
            view = random_view(np.random.default_rng(seed), 60, islands=4)
            islands = stats_of(view, under_way={1: 2}, progress=0.3)
            first, second = (self.selector().select(view, islands, np.random.default_rng(seed)) for _ in range(2))
            assert first == second, (
                "a run that is resumed has to choose as it would have: keep nothing between two calls"
            )

    def _check(self, view: PopulationView) -> None:
        numbers = range(len(view.islands))
        for retired in ((), tuple(numbers)[1::2]):
            for progress in (0.0, 0.4, 1.0):
                failures = {number: [len(view.islands[number])] * 3 for number in numbers}
                islands = stats_of(
                    view,
                    retired=retired,
                    under_way=dict.fromkeys(numbers, 1),
                    progress=progress,
                    failures=failures if progress else None,
                )
                island = self.selector().select(view, islands, np.random.default_rng(0))
                assert isinstance(island, int), f"{island!r} is no int"
                assert island in islands.numbers, f"{island} is none of the living islands {islands.numbers.tolist()}"
