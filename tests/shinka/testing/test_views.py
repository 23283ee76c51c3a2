"""The populations that contracts are tried on are such as an evolution can have."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import shinka.testing
from shinka.testing.views import edge_views, population_views, random_view, stats_of, view_of
from shinka_core.population.view import NO_PARENT, PopulationView
from tests.support.generated import fewer


def hold_together(view: PopulationView) -> None:
    n = len(view)
    assert n >= 1
    assert {len(column) for column in (view.ids, view.correct, view.children, view.parents, view.births)} == {n}
    assert view.embeddings.shape[0] == view.instance_scores.shape[0] == n
    assert view.instance_scores.shape[1] == len(view.instances)
    assert view.embeddings.dtype == np.float32
    assert np.isfinite(view.scores[view.correct]).all()
    assert all((column.dtype, len(column)) == (np.float64, n) for column in view.features.values())
    assert (view.parents < np.arange(n)).all()
    assert (view.parents >= NO_PARENT).all()
    assert view.correct[view.elites].all()
    assert sorted(set(view.elites.tolist())) == view.elites.tolist()
    for members in view.islands:
        assert len(set(members.tolist())) == len(members)
        assert ((members >= 0) & (members < n)).all()
    lengths = np.linalg.norm(view.embeddings, axis=1)
    if view.embeddings.shape[1]:
        assert (np.isclose(lengths, 1.0, atol=1e-5) | (lengths == 0)).all()


@fewer(40, in_ci=50)
@given(population_views())
def test_hypothesis_draws_populations_that_hold_together(view: PopulationView) -> None:
    hold_together(view)
    assert all(len(view.fit_on(island)) for island in range(len(view.islands)))


@fewer(40, in_ci=50)
@given(st.integers(0, 2**32), st.integers(1, 60), st.integers(1, 5), st.integers(0, 4), st.integers(0, 3))
def test_random_populations_hold_together(seed: int, programs: int, islands: int, width: int, instances: int) -> None:
    rng = np.random.default_rng(seed)
    view = random_view(rng, programs, islands=islands, width=width, instances=instances)
    hold_together(view)
    assert len(view) == programs
    assert all(0 in members for members in view.islands), "the seed program is everywhere"
    for program in range(1, programs):
        parent, born = int(view.parents[program]), int(view.births[program])
        assert parent in view.islands[born]
        assert view.correct[parent]
    assert (view.children >= np.bincount(view.parents[1:], minlength=programs)).all()


@pytest.mark.parametrize("name", edge_views())
def test_populations_at_the_edges_hold_together_and_cannot_be_written_to(name: str) -> None:
    view = edge_views()[name]
    hold_together(view)
    assert view.correct.any()
    for array in (view.scores, view.correct, view.children, view.elites, view.embeddings, *view.islands):
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 0


def test_islands_that_have_retired_are_left_out_of_what_there_is_to_know() -> None:
    view = view_of([1.0, 2.0, None], islands=[[0], [0, 1], [0, 2]])
    stats = stats_of(view, retired=[1], under_way={2: 4})
    assert (stats.numbers.tolist(), stats.sizes.tolist(), stats.under_way.tolist()) == ([0, 2], [1, 6], [0, 4])


def test_the_package_has_what_it_names_and_loads_it_when_it_is_asked_for() -> None:
    for name in shinka.testing.__all__:
        assert getattr(shinka.testing, name).__name__ == name
    script = (
        "import sys, shinka.testing; assert not {'numpy', 'pytest', 'hypothesis', 'shinka_core'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
