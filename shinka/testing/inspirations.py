"""What every inspiration selector has to hold to, as tests: subclass `InspirationSelectorContract`."""

from __future__ import annotations

import json
from dataclasses import is_dataclass

import numpy as np
import pytest

from shinka.testing.views import assert_equal_views, edge_views, fastest, large_view, random_view
from shinka_core.population.inspirations import INSPIRATIONS, InspirationSelector
from shinka_core.population.view import PopulationView
from shinka_core.registry import spec_of

# How many are made at random.
POPULATIONS = 20


class InspirationSelectorContract:
    """The tests. Override `make`; pytest finds them in a subclass whose name begins with `Test`.

    Attributes:
        milliseconds: What a choice among 10,000 programs may take, of the processor's time.
    """

    milliseconds = 50.0

    def make(self) -> InspirationSelector:
        """A new selector, always the same."""
        raise NotImplementedError

    def _chosen(
        self, view: PopulationView, seed: int, selector: InspirationSelector | None = None, where: str = ""
    ) -> list[tuple[int, ...]]:
        """Inspirations for parents of every island, some with others taken already, of one generator."""
        rng, cases = np.random.default_rng(seed), np.random.default_rng(seed + 1)
        selector = self.make() if selector is None else selector
        chosen: list[tuple[int, ...]] = []
        for island in range(len(view.islands)):
            fit = view.fit_on(island)
            for most in (0, 2, len(fit)) if len(fit) else ():
                parent = int(cases.choice(fit))
                others = fit[fit != parent]
                taken = tuple(cases.choice(others, size=min(most, len(others)), replace=False).tolist())
                found = selector.select(view, island, parent, taken, rng)
                assert isinstance(found, tuple), f"{where}: {found!r} is no tuple"
                assert all(isinstance(program, int | np.integer) for program in found), (
                    f"{where}: {found!r} are no positions"
                )
                assert len(set(found)) == len(found), f"{where}: {found} names a program twice"
                assert parent not in found, f"{where}: {found} names the parent"
                assert not set(taken) & set(found), f"{where}: {found} names one of {taken}, which are taken"
                assert all(0 <= program < len(view) for program in found), f"{where}: {found} of {len(view)} programs"
                assert all(view.correct[program] for program in found), (
                    f"{where}: {found} names one that is not correct"
                )
                chosen.append(tuple(int(program) for program in found))
        return chosen

    def test_at_every_edge_inspirations_are_other_correct_programs_none_twice(self) -> None:
        for edge, view in edge_views().items():
            self._chosen(view, 0, where=edge)

    def test_in_any_population_inspirations_are_other_correct_programs_none_twice(self) -> None:
        for seed in range(POPULATIONS):
            rng = np.random.default_rng(seed)
            view = random_view(rng, int(rng.integers(1, 80)), islands=int(rng.integers(1, 6)))
            self._chosen(view, seed, where=f"population {seed}")

    def test_all_chance_is_of_the_generator(self) -> None:
        for seed in range(POPULATIONS):
            view = random_view(np.random.default_rng(seed), 60)
            chosen = self._chosen(view, seed)
            assert self._chosen(view, seed) == chosen, "one generator, one choice: else a resumed run goes another way"

    def test_nothing_is_kept_between_choices(self) -> None:
        first, second = (random_view(np.random.default_rng(seed), 50) for seed in (1, 2))
        used = self.make()
        self._chosen(second, 7, used)
        assert self._chosen(first, 3, used) == self._chosen(first, 3), (
            "a selector that has been used chooses as a new one: a resumed run begins with a new one"
        )

    def test_the_population_is_left_as_it_is(self) -> None:
        view, same = (random_view(np.random.default_rng(4), 50) for _ in range(2))
        self._chosen(view, 0)
        assert_equal_views(view, same)

    def test_settings_can_keep_it(self) -> None:
        made = self.make()
        if not is_dataclass(made):
            pytest.skip("settings keep the fields of dataclasses; others are given to every resume again")
        spec = json.loads(json.dumps(spec_of(made)))
        assert INSPIRATIONS.create(spec) == made, f"made of {spec} it is another"

    def test_ten_thousand_programs_are_chosen_from_in_no_time(self) -> None:
        view = large_view()
        selector, rng, parent = self.make(), np.random.default_rng(0), int(view.fit_on(0)[1234])
        assert fastest(lambda: selector.select(view, 0, parent, (), rng)) <= self.milliseconds
