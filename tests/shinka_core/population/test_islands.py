"""Which islands the selectors choose, and how often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shinka_core.errors import ConfigError
from shinka_core.population.islands import (
    ISLANDS,
    UCB,
    Equal,
    Halving,
    IslandSelector,
    Proportional,
    Thompson,
    Uniform,
    Weighted,
)
from shinka_core.population.view import IslandStats, PopulationView
from tests.support.populations import of_populations, population, populations, stats, unlikely

DRAWS = 4000


def on_islands(*scores: Sequence[float | None]) -> PopulationView:
    """A population with these programs on each island; None is not correct. There is no seed program."""
    births = [island for island, row in enumerate(scores) for _ in row]
    values = np.array([np.nan if score is None else score for row in scores for score in row])
    view = population(0, len(births), len(scores))
    return replace(
        view,
        scores=values,
        correct=~np.isnan(values),
        births=np.array(births, dtype=np.int64),
        islands=tuple(np.flatnonzero(np.array(births) == island) for island in range(len(scores))),
    )


def chosen(selector: IslandSelector, view: PopulationView, islands: IslandStats, draws: int = DRAWS) -> list[int]:
    """How often each island of the view is chosen."""
    rng = np.random.default_rng(1)
    counts = Counter(selector.select(view, islands, rng) for _ in range(draws))
    return [counts[number] for number in range(len(view.islands))]


def test_uniform_chooses_every_living_island_as_often() -> None:
    view = population(0, 20, 4)
    assert not unlikely(chosen(Uniform(), view, stats(view)), [0.25] * 4)
    assert not unlikely(chosen(Uniform(), view, stats(view, [0, 3])), [0.5, 0, 0, 0.5])


@of_populations
@given(view=populations(), seed=st.integers(0, 99), data=st.data())
def test_equal_chooses_one_of_the_smallest(view: PopulationView, seed: int, data: st.DataObject) -> None:
    under_way = data.draw(st.lists(st.integers(0, 5), min_size=len(view.islands), max_size=len(view.islands)))
    islands = stats(view, under_way=under_way)
    island = Equal().select(view, islands, np.random.default_rng(seed))
    assert len(view.islands[island]) + under_way[island] == islands.sizes.min()


@pytest.mark.parametrize(
    ("best", "shares"),
    [
        ([1.0, 2.0, 5.0], [1 / 8, 2 / 8, 5 / 8]),
        ([-1.0, 0.0, 3.0], [0, 1 / 5, 4 / 5]),
        ([0.0, 0.0, 0.0], [1 / 3, 1 / 3, 1 / 3]),
        ([-2.0, -2.0, -2.0], [1 / 3, 1 / 3, 1 / 3]),
        ([None, 1.0, 3.0], [1 / 5, 1 / 5, 3 / 5]),
        ([None, None, None], [1 / 3, 1 / 3, 1 / 3]),
        ([0.0, 1e308, 1e308], [0, 1 / 2, 1 / 2]),
        ([-1e308, 1e308, -1e308], [0, 1, 0]),
    ],
)
@pytest.mark.parametrize("floor", [0.0, 0.3])
def test_proportional_chooses_by_the_best_score(best: list[float | None], shares: list[float], floor: float) -> None:
    view = on_islands(*([score, None if score is None else score - abs(score) / 9] for score in best))
    floored = [(1 - floor) * share + floor / 3 for share in shares]
    assert not unlikely(chosen(Proportional(floor), view, stats(view)), floored)


def test_weighted_chooses_by_given_weights_and_new_islands_by_their_mean() -> None:
    view = population(0, 20, 4)
    counts = chosen(Weighted((0.0, 1.0, 3.0)), view, stats(view))
    assert not unlikely(counts, [0, 3 / 16, 9 / 16, 4 / 16])
    assert not unlikely(chosen(Weighted((0.0, 1.0, 3.0)), view, stats(view, [0, 1])), [0, 1, 0, 0])
    assert not unlikely(chosen(Weighted((0.0, 0.0, 3.0)), view, stats(view, [0, 1])), [1 / 2, 1 / 2, 0, 0])


def test_weighted_prefers_better_islands_of_the_same_size_and_smaller_ones_of_the_same_best() -> None:
    better = chosen(Weighted(), view := on_islands([1.0], [2.0], [3.0]), stats(view))
    assert better[0] < better[1] < better[2]
    smaller = chosen(Weighted(), view := on_islands([1.0], [1.0, 0.0], [1.0, 0.0, 0.0]), stats(view))
    assert not unlikely(smaller, [12 / 26, 8 / 26, 6 / 26])
    # Deviations from the median 2 are 1, 0 and 1: their median is 1.
    logistic = [1 / (1 + np.exp(-x)) for x in (-1.0, 0.0, 1.0)]
    assert not unlikely(better, [each / sum(logistic) for each in logistic])


@of_populations
@given(view=populations(islands=12), progress=st.floats(0, 1))
def test_halving_keeps_exactly_as_many_as_it_says(view: PopulationView, progress: float) -> None:
    kept = Halving().kept(view, stats(view, progress=progress))
    passed = [keep for keep, cut in ((5, 0.25), (2, 0.5), (1, 0.75)) if progress >= cut]
    assert len(kept) == min([len(view.islands), *passed])
    assert kept.tolist() == sorted(set(kept.tolist()))


@of_populations
@given(view=populations(islands=12))
def test_halving_keeps_the_best_and_never_takes_one_back(view: PopulationView) -> None:
    def best(island: int) -> float:
        scores = view.scores[view.fit_on(island)]
        return float(scores.max()) if len(scores) else -np.inf

    before = set(range(len(view.islands)))
    for progress in (0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 1.0):
        kept = set(Halving().kept(view, stats(view, progress=progress)).tolist())
        assert kept <= before
        assert all(best(island) >= best(other) for island in kept for other in before - kept)
        before = kept


@of_populations
@given(view=populations(islands=12), retired=st.sets(st.integers(0, 11)), progress=st.floats(0, 1))
def test_halving_counts_living_islands_alone(view: PopulationView, retired: set[int], progress: float) -> None:
    living = [number for number in range(len(view.islands)) if number not in retired]
    if living:
        kept = Halving((3, 1), (0.2, 0.8)).kept(view, stats(view, living, progress))
        assert len(kept) == min(len(living), 3 if progress >= 0.2 else 12, 1 if progress >= 0.8 else 12)
        assert set(kept.tolist()) <= set(living)


def test_halving_spreads_proposals_evenly_over_those_it_keeps() -> None:
    view, rng = on_islands(*([float(island)] for island in range(12))), np.random.default_rng(0)
    seen: list[Counter[int]] = []
    for first, last in ((0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1.0)):
        given_out = Counter[int]()
        for progress in np.linspace(first, last, 60, endpoint=False):
            going = [given_out[number] for number in range(12)]
            given_out[Halving().select(view, stats(view, progress=float(progress), under_way=going), rng)] += 1
        seen.append(given_out)
    assert seen[0] == Counter(dict.fromkeys(range(12), 5))
    assert seen[1] == Counter(dict.fromkeys(range(7, 12), 12))
    assert seen[2] == Counter(dict.fromkeys((10, 11), 30))
    assert seen[3] == Counter({11: 60})


ORDERED = [Halving(), UCB(), Thompson(), UCB("improved"), Thompson("improved")]


@pytest.mark.parametrize("selector", ORDERED, ids=repr)
@of_populations
@given(view=populations(), scale=st.sampled_from([0.5, 4.0]), shift=st.integers(-9, 9), seed=st.integers(0, 99))
def test_neither_the_unit_nor_the_zero_of_scores_matters(
    selector: IslandSelector, view: PopulationView, scale: float, shift: int, seed: int
) -> None:
    islands, moved = stats(view, progress=0.6), replace(view, scores=view.scores * scale + shift)
    rngs = np.random.default_rng(seed), np.random.default_rng(seed)
    assert selector.select(view, islands, rngs[0]) == selector.select(moved, islands, rngs[1])


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"name": "weighted", "weights": [0, 0]}, r"weights=\[0.0, 0.0\] are all 0"),
        ({"name": "weighted", "weights": [1, -1]}, "weights.1=-1"),
        ({"name": "weighted", "sharpness": float("inf")}, "sharpness=inf"),
        ({"name": "proportional", "floor": 1.5}, "floor=1.5"),
        ({"name": "ucb", "reward": "money"}, "reward='money'"),
        ({"name": "ucb", "decay": 0}, "decay=0"),
        ({"name": "ucb", "first": 0}, "first=0"),
        ({"name": "thompson", "sigma": 0}, "sigma=0"),
        ({"name": "halving", "keep": [3]}, r"keep=\[3\] has 1 values for 3 of at=\[0.25, 0.5, 0.75\]"),
        ({"name": "halving", "keep": [2, 5, 1]}, "must fall"),
        ({"name": "halving", "at": [0.5, 0.25, 0.75]}, "must rise"),
        ({"name": "halving", "keep": [0], "at": [0.5]}, "keep.0=0"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(spec: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        ISLANDS.create(spec)
