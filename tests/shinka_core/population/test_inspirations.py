"""Each inspiration selector shows what it says."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shinka.testing import population_views, view_of
from shinka_core.errors import ConfigError
from shinka_core.population.distances import distances, embedded
from shinka_core.population.inspirations import (
    INSPIRATIONS,
    Diverse,
    FromArchive,
    InspirationSelector,
    Lineage,
    Pareto,
    TopK,
)
from shinka_core.population.view import NO_PARENT, PopulationView
from tests.support.chi_square import assert_drawn_like
from tests.support.generated import fewer

SEEDS = st.integers(0, 2**32)
ALL = [INSPIRATIONS.create(name) for name in INSPIRATIONS] + [
    FromArchive(5, 0.5, separate=False), TopK(5), Diverse(5, 1.0), Pareto(5), Lineage(5, 5, 5),
]  # fmt: skip
TWENTY = view_of([float(score) for score in range(20)], elites=list(range(1, 11)))


def shown(
    selector: InspirationSelector, view: PopulationView, parent: int, *taken: int, island: int = 0, seed: int = 0
) -> tuple[int, ...]:
    return selector.select(view, island, parent, taken, np.random.default_rng(seed))


@st.composite
def asked(draw: st.DrawFn) -> tuple[PopulationView, int, int, tuple[int, ...]]:
    """A population, an island, a parent there, and programs that are taken."""
    view = draw(population_views())
    island = draw(st.integers(0, len(view.islands) - 1))
    parent = draw(st.sampled_from(view.fit_on(island).tolist()))
    others = [program for program in range(len(view)) if program != parent]
    taken = draw(st.lists(st.sampled_from(others), unique=True, max_size=3)) if others else []
    return view, island, parent, tuple(taken)


Asked = tuple[PopulationView, int, int, tuple[int, ...]]


# All of them


@pytest.mark.parametrize("selector", ALL, ids=repr)
@fewer(20, in_ci=50)
@given(case=asked(), seed=SEEDS)
def test_inspirations_are_other_correct_programs_none_twice(
    selector: InspirationSelector, case: Asked, seed: int
) -> None:
    view, island, parent, taken = case
    found = shown(selector, view, parent, *taken, island=island, seed=seed)
    assert len(set(found)) == len(found)
    assert not {parent, *taken} & set(found)
    assert view.correct[list(found)].all()


@pytest.mark.parametrize("selector", [FromArchive(3), TopK(3), Diverse(3), Pareto(3)], ids=repr)
@fewer(15, in_ci=50)
@given(case=asked(), seed=SEEDS)
def test_they_live_on_the_island_and_are_no_more_than_asked_for(
    selector: InspirationSelector, case: Asked, seed: int
) -> None:
    view, island, parent, taken = case
    found = shown(selector, view, parent, *taken, island=island, seed=seed)
    assert set(found) <= set(view.islands[island].tolist())
    assert len(found) <= 3


@pytest.mark.parametrize("name", [name for name in INSPIRATIONS if name != "lineage"])
@fewer(15, in_ci=50)
@given(case=asked())
def test_none_are_shown_where_none_are_asked_for(name: str, case: Asked) -> None:
    view, island, parent, taken = case
    rng = np.random.default_rng(0)
    selector = INSPIRATIONS.create({"name": name, "count": 0})
    assert selector.select(view, island, parent, taken, rng) == ()
    assert rng.random() == np.random.default_rng(0).random(), "and nothing is drawn"


# Archive


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_half_of_what_the_archive_gives_is_of_its_elite_and_elites_come_equally_often(count: int) -> None:
    elite = {8, 9, 10}
    sets = [set(shown(FromArchive(count, 0.3), TWENTY, 0, seed=seed)) for seed in range(300)]
    assert {len(chosen) for chosen in sets} == {count}
    assert all(len(chosen & elite) >= min(math.ceil(count / 2), 3) for chosen in sets)
    assert all(chosen <= set(TWENTY.elites.tolist()) for chosen in sets)
    often = Counter(member for chosen in sets for member in chosen)
    assert max(often[member] for member in elite) < 1.5 * min(often[member] for member in elite)
    if count > 1:
        assert set(often) == set(TWENTY.elites.tolist()), "the other half may be anyone of the archive"


@pytest.mark.parametrize("ratio", [0.0, 1.0])
def test_an_elite_of_everyone_or_no_one_is_drawn_like_the_rest(ratio: float) -> None:
    view = view_of([float(score) for score in range(6)], elites=[1, 2, 3, 4])
    often = Counter(one for seed in range(3000) for one in shown(FromArchive(1, ratio), view, 0, seed=seed))
    assert_drawn_like(often, dict.fromkeys([1, 2, 3, 4], 0.25))


def test_elites_of_other_islands_are_shown_where_islands_are_not_separate() -> None:
    view = view_of([1.0, 2.0, 3.0], islands=[[0, 1], [2]], elites=[0, 1, 2])
    assert {shown(FromArchive(), view, 0, seed=seed) for seed in range(20)} == {(1,)}
    assert {shown(FromArchive(separate=False), view, 0, seed=seed) for seed in range(20)} == {(2,)}, "the best"


# The best


@fewer(20, in_ci=50)
@given(population_views(huge=False), st.integers(0, 9))
def test_the_best_of_the_island_are_shown_best_first(view: PopulationView, count: int) -> None:
    correct = view.fit_on(0).tolist()
    parent = correct[0]
    best = sorted((float(view.scores[p]) for p in correct if p != parent), reverse=True)
    assert [float(view.scores[p]) for p in shown(TopK(count), view, parent)] == best[:count]


def test_the_islands_best_are_looked_for_among_one_more_than_asked_for() -> None:
    assert shown(TopK(2), TWENTY, 17) == (19, 18)
    assert shown(TopK(2), TWENTY, 17, 19) == (18,)
    assert shown(TopK(3), TWENTY, 18, 19) == (17, 16)


# Diverse


@fewer(20, in_ci=50)
@given(asked(), st.floats(0.01, 1))
def test_the_most_distant_of_the_good_comes_first_and_the_next_is_distant_from_it_as_well(
    case: Asked, good: float
) -> None:
    view, island, parent, taken = case
    if not embedded(view, np.array([parent])).all():
        return
    correct = view.fit_on(island)
    ranked = correct[np.argsort(-view.scores[correct], kind="stable")][: math.ceil(good * len(correct))].tolist()
    pool = [p for p in ranked if p not in (parent, *taken) and embedded(view, np.array([p])).all()]
    if not pool:
        return
    before = [p for p in (parent, *taken) if embedded(view, np.array([p])).all()]
    found = shown(Diverse(3, good), view, parent, *taken, island=island)
    assert len(found) == min(3, len(pool))
    for program in found:
        apart = {p: float(distances(view, np.array([p]), np.array(before)).min()) for p in pool}
        assert apart[program] == max(apart.values())
        assert program == max((p for p in pool if p not in before), key=lambda p: apart[p]), "the better of equals"
        before.append(program)
        pool.remove(program)


def test_who_is_not_good_is_not_shown_however_distant() -> None:
    view = view_of([4.0, 3.0, 2.0, 1.0], embeddings=[[1, 0], [0.9, 0.1], [0, 1], [-1, 0]])
    assert shown(Diverse(1, 0.5), view, 0) == (1,)
    assert shown(Diverse(1, 1.0), view, 0) == (3,)
    assert shown(Diverse(2, 1.0), view, 0) == (3, 2)
    assert shown(Diverse(1, 1.0), view, 0, 3) == (2,)


@pytest.mark.parametrize("embeddings", [None, [[0, 0], [1, 0], [0, 1], [1, 1]]], ids=["none", "parent without"])
def test_where_there_is_nothing_to_compare_with_anyone_of_the_good_is_shown(embeddings: object) -> None:
    view = view_of([1.0, 4.0, 3.0, 2.0], embeddings=embeddings)
    often = Counter(one for seed in range(2000) for one in shown(Diverse(1, 0.75), view, 0, seed=seed))
    assert_drawn_like(often, dict.fromkeys([1, 2, 3], 1 / 3))


# Pareto


def test_those_are_shown_that_are_best_where_the_parent_is_not() -> None:
    view = view_of(
        [0.9, 0.5, 0.4, 0.3],
        instance_scores=[[1, 1, 0, 0, 0], [0, 0, 1, 1, 0], [0, 0, 0, 0, 1], [0, 1, 0, 0, 0]],
    )
    often = Counter(one for seed in range(3000) for one in shown(Pareto(), view, 0, seed=seed))
    assert_drawn_like(often, {1: 2 / 3, 2: 1 / 3})
    assert set(shown(Pareto(9), view, 0)) == {1, 2}
    assert shown(Pareto(9), view, 0, 1) == (2,)
    assert shown(Pareto(9), view, 0, 1, 2) == ()


def test_a_parent_that_is_best_everywhere_needs_nobody() -> None:
    view = view_of([2.0, 1.0], instance_scores=[[1.0, 1.0], [0.0, 1.0]])
    assert shown(Pareto(3), view, 0) == ()
    assert shown(Pareto(3), view, 1) == (0,)


def test_without_instance_scores_the_best_are_shown() -> None:
    assert shown(Pareto(2), TWENTY, 19) == (18, 17)


@fewer(20, in_ci=50)
@given(asked(), SEEDS)
def test_each_that_is_shown_beats_the_parent_on_some_instance(case: Asked, seed: int) -> None:
    view, island, parent, taken = case
    if np.isnan(view.instance_scores[view.fit_on(island)]).all():
        return
    for program in shown(Pareto(3), view, parent, *taken, island=island, seed=seed):
        mine, others = view.instance_scores[parent], view.instance_scores[program]
        assert ((others > mine) | (np.isnan(mine) & ~np.isnan(others))).any()


# Lineage

#     0
#   1   2         3 failed
#  4 5   6
FAMILY = view_of(
    [0.0, 1.0, 3.0, None, 2.0, 5.0, 1.0, 9.0],
    parents=[NO_PARENT, 0, 0, 0, 1, 1, 2, 4],
)


@pytest.mark.parametrize(
    ("selector", "parent", "taken", "found"),
    [
        (Lineage(), 4, (), (1, 5)),
        (Lineage(3, 3), 4, (), (1, 0, 5)),
        (Lineage(1, 1), 7, (), (4,)),
        (Lineage(9, 0), 7, (), (4, 1, 0)),
        (Lineage(1, 0), 7, (4,), (1,)),
        (Lineage(0, 9), 1, (), (2,)),
        (Lineage(0, 0, 9), 1, (), (5, 4)),
        (Lineage(0, 0, 1), 1, (5,), (4,)),
        (Lineage(9, 9, 9), 0, (), (2, 1)),
        (Lineage(0, 0, 0), 4, (), ()),
    ],
)
def test_the_family_is_shown_the_nearest_and_the_best_first(
    selector: Lineage, parent: int, taken: tuple[int, ...], found: tuple[int, ...]
) -> None:
    assert selector.select(FAMILY, 0, parent, taken, np.random.default_rng(0)) == found


@fewer(20, in_ci=50)
@given(asked())
def test_all_of_the_family_are_the_ancestors_the_siblings_and_the_children(case: Asked) -> None:
    view, island, parent, taken = case
    everyone = 10**6
    ancestors, one = set[int](), int(view.parents[parent])
    while one != NO_PARENT:
        ancestors.add(one)
        one = int(view.parents[one])
    born = {p for p in range(len(view)) if view.parents[p] == parent}
    siblings = {p for p in range(len(view)) if view.parents[p] == view.parents[parent] != NO_PARENT}
    correct = {p for p in range(len(view)) if view.correct[p]} - {parent, *taken}
    for selector, family in (
        (Lineage(everyone, 0, 0), ancestors),
        (Lineage(0, everyone, 0), siblings),
        (Lineage(0, 0, everyone), born),
        (Lineage(everyone, everyone, everyone), ancestors | siblings | born),
    ):
        assert set(shown(selector, view, parent, *taken, island=island)) == family & correct


# Settings


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"name": "archive", "count": -1}, "count=-1"),
        ({"name": "archive", "elite_ratio": 2}, "elite_ratio=2"),
        ({"name": "top_k", "k": 3}, "has no parameter 'k'"),
        ({"name": "diverse", "good": 0}, "good=0"),
        ({"name": "lineage", "siblings": "all"}, "siblings='all'"),
    ],
)
def test_a_parameter_that_cannot_be_is_named(spec: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        INSPIRATIONS.create(spec)
