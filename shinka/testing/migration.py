"""What every migration has to hold to, as tests: subclass `MigrationContract` and say how one is made."""

from __future__ import annotations

import numpy as np
import pytest

from shinka.testing.views import edge_views, random_view, stats_of
from shinka_core.population.migration.protocol import Migration, Move
from shinka_core.population.view import IslandStats, PopulationView

VIEWS = edge_views()
SIZES = {"small": (12, 3), "usual": (100, 4), "large": (1000, 12)}


class MigrationContract:
    """The tests. Override `migration`."""

    def migration(self) -> Migration:
        """A migration, the same whenever it is asked for."""
        raise NotImplementedError

    @pytest.mark.parametrize("special", VIEWS)
    def test_moves_are_allowed_whatever_the_population_is(self, special: str) -> None:
        self._check(VIEWS[special])

    @pytest.mark.parametrize("size", SIZES)
    def test_moves_are_allowed_in_populations_of_every_size(self, size: str) -> None:
        programs, islands = SIZES[size]
        for seed in range(10):
            self._check(random_view(np.random.default_rng(seed), programs, islands=islands))

    def test_nobody_moves_where_one_island_lives(self) -> None:
        view = random_view(np.random.default_rng(0), 60, islands=4)
        for left in range(4):
            islands = stats_of(view, retired=[number for number in range(4) if number != left])
            assert self._planned(view, islands) == ()

    def test_the_same_population_and_generator_plan_the_same(self) -> None:
        for seed in range(10):
            view = random_view(np.random.default_rng(seed), 60, islands=4)
            first, second = (self._planned(view, stats_of(view), seed) for _ in range(2))
            assert first == second, "a run that is resumed has to plan as it would have: keep nothing between two calls"

    def _planned(self, view: PopulationView, islands: IslandStats, seed: int = 0) -> tuple[Move, ...]:
        return self.migration().plan(view, islands, np.random.default_rng(seed))

    def _check(self, view: PopulationView) -> None:
        for retired in ((), tuple(range(len(view.islands)))[1::2]):
            islands = stats_of(view, retired=retired)
            moves = self._planned(view, islands)
            assert isinstance(moves, tuple)
            assert len({(move.program, move.target) for move in moves}) == len(moves), "nobody moves twice"
            for move in moves:
                assert {move.source, move.target} <= set(islands.numbers.tolist()), f"{move}: both islands live"
                assert move.program in view.islands[move.source], f"{move}: it lives at the source"
                assert move.program not in view.islands[move.target], f"{move}: it does not live at the target yet"
