"""What every parent selector has to hold to, as tests: subclass `ParentSelectorContract` and say how one is made."""

from __future__ import annotations

import json
from dataclasses import is_dataclass

import numpy as np
import pytest

from shinka.testing.views import assert_equal_views, edge_views, fastest, large_view, random_view
from shinka_core.population.parents import PARENTS, ParentSelector
from shinka_core.population.view import PopulationView
from shinka_core.registry import spec_of

# How many are made at random, and draws in each.
POPULATIONS = 20
DRAWS = 5


class ParentSelectorContract:
    """The tests. Override `make`; pytest finds them in a subclass whose name begins with `Test`.

    Attributes:
        milliseconds: What a draw among 10,000 programs may take, of the processor's time.
    """

    milliseconds = 50.0

    def make(self) -> ParentSelector:
        """A new selector, always the same."""
        raise NotImplementedError

    def _drawn(self, view: PopulationView, seed: int, selector: ParentSelector | None = None) -> list[int]:
        """Parents on every island with a correct program, of one generator."""
        rng = np.random.default_rng(seed)
        selector = self.make() if selector is None else selector
        return [
            int(selector.select(view, island, rng))
            for island in range(len(view.islands))
            if len(view.fit_on(island))
            for _ in range(DRAWS)
        ]

    def test_at_every_edge_the_parent_is_a_correct_program_of_the_island(self) -> None:
        for edge, view in edge_views().items():
            self._check(view, edge)

    def test_in_any_population_the_parent_is_a_correct_program_of_the_island(self) -> None:
        for seed in range(POPULATIONS):
            rng = np.random.default_rng(seed)
            view = random_view(rng, int(rng.integers(1, 80)), islands=int(rng.integers(1, 6)))
            self._check(view, f"population {seed}")

    def _check(self, view: PopulationView, where: str) -> None:
        selector, rng = self.make(), np.random.default_rng(0)
        for island in range(len(view.islands)):
            fit = view.fit_on(island)
            for _ in range(DRAWS if len(fit) else 0):
                parent = selector.select(view, island, rng)
                assert isinstance(parent, int | np.integer), f"{where}: {parent!r} is no position"
                assert not isinstance(parent, bool), f"{where}: {parent!r} is no position"
                assert parent in fit, f"{where}: {parent} is none of the correct {fit.tolist()} of island {island}"

    def test_all_chance_is_of_the_generator(self) -> None:
        for seed in range(POPULATIONS):
            view = random_view(np.random.default_rng(seed), 60)
            drawn = self._drawn(view, seed)
            assert self._drawn(view, seed) == drawn, "one generator, one choice: else a resumed run goes another way"

    def test_nothing_is_kept_between_draws(self) -> None:
        first, second = (random_view(np.random.default_rng(seed), 50) for seed in (1, 2))
        used = self.make()
        self._drawn(second, 7, used)
        assert self._drawn(first, 3, used) == self._drawn(first, 3), (
            "a selector that has been used draws as a new one: a resumed run begins with a new one"
        )

    def test_the_population_is_left_as_it_is(self) -> None:
        view, same = (random_view(np.random.default_rng(4), 50) for _ in range(2))
        self._drawn(view, 0)
        assert_equal_views(view, same)

    def test_settings_can_keep_it(self) -> None:
        made = self.make()
        if not is_dataclass(made):
            pytest.skip("settings keep the fields of dataclasses; others are given to every resume again")
        spec = json.loads(json.dumps(spec_of(made)))
        assert PARENTS.create(spec) == made, f"made of {spec} it is another"

    def test_ten_thousand_programs_are_drawn_from_in_no_time(self) -> None:
        view = large_view()
        selector, rng = self.make(), np.random.default_rng(0)
        assert fastest(lambda: selector.select(view, 0, rng)) <= self.milliseconds
