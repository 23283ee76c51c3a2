"""Who is best on which instance, against the rule said one program after the other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shinka.testing import population_views, view_of
from shinka_core.population.frontier import instance_frontier
from shinka_core.population.view import PopulationView
from tests.support.generated import fewer


def one_after_the_other(view: PopulationView, programs: list[int]) -> dict[int, set[int]]:
    """Who stays and what they hold: from the worst score up whoever is replaceable on every instance is dropped."""
    holders: dict[int, set[int]] = {}
    for instance in range(len(view.instances)):
        known = {
            p: view.instance_scores[p, instance] for p in programs if not np.isnan(view.instance_scores[p, instance])
        }
        if known:
            holders[instance] = {p for p, value in known.items() if value == max(known.values())}
    left = {p for held in holders.values() for p in held}
    place = {p: index for index, p in enumerate(programs)}
    for program in sorted(left, key=lambda p: (view.scores[p], -place[p])):
        others = left - {program}
        if all(held & others for held in holders.values() if program in held):
            left = others
    return {p: {i for i, held in holders.items() if p in held} for p in left}


@fewer(20, in_ci=50)
@given(population_views(programs=15), st.data())
def test_the_frontier_is_what_the_rule_comes_to(view: PopulationView, data: st.DataObject) -> None:
    island = data.draw(st.integers(0, len(view.islands) - 1))
    programs = view.fit_on(island)
    members, holds = instance_frontier(view, programs)
    found = {int(p): set(np.flatnonzero(row).tolist()) for p, row in zip(members, holds, strict=True)}
    assert found == one_after_the_other(view, programs.tolist())


@fewer(20, in_ci=50)
@given(population_views())
def test_on_every_instance_somebody_of_the_frontier_is_best_and_everybody_somewhere(view: PopulationView) -> None:
    for island in range(len(view.islands)):
        programs = view.fit_on(island)
        members, holds = instance_frontier(view, programs)
        known = ~np.isnan(view.instance_scores[programs])
        assert (holds.any(axis=0) == known.any(axis=0)).all()
        assert holds.any(axis=1).all()
        assert len(members) <= len(view.instances), "at most one is needed for each"
        for instance in np.flatnonzero(known.any(axis=0)).tolist():
            best = np.nanmax(view.instance_scores[programs, instance])
            assert (view.instance_scores[members[holds[:, instance]], instance] == best).all()


@fewer(20, in_ci=50)
@given(population_views(programs=12), st.integers(-5, 5))
def test_only_the_order_of_instance_scores_matters(view: PopulationView, shift: int) -> None:
    changed = view_of(
        [None if np.isnan(score) else score for score in view.scores.tolist()],
        correct=view.correct.tolist(),
        instance_scores=np.exp(view.instance_scores * 3 + shift) if len(view.instances) else None,
    )
    programs = view.fit_on(0)
    for one, other in zip(instance_frontier(view, programs), instance_frontier(changed, programs), strict=True):
        assert one.tolist() == other.tolist()


def test_a_specialist_stays_and_a_copy_of_the_better_goes() -> None:
    view = view_of(
        [0.6, 0.9, 0.9, 0.1],
        instance_scores=[[1.0, 0.0, 0.5], [0.0, 1.0, 1.0], [0.0, 1.0, 1.0], [1.0, 0.0, 0.0]],
    )
    members, holds = instance_frontier(view, np.arange(4))
    assert members.tolist() == [0, 1], "3 holds what the better 0 holds; 2 came after its equal 1"
    assert holds.sum(axis=1).tolist() == [1, 2]


@pytest.mark.parametrize("scores", [np.empty((2, 0)), np.full((2, 3), np.nan)])
def test_without_instance_scores_there_is_no_frontier(scores: np.ndarray) -> None:
    members, holds = instance_frontier(view_of([1.0, 2.0], instance_scores=scores), np.arange(2))
    assert (len(members), len(holds)) == (0, 0)
