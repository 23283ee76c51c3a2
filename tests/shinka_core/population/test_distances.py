"""Cosine distances of programs, against each pair by itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shinka.testing import population_views, random_view, view_of
from shinka_core.population.distances import distances, embedded, mean_distances
from shinka_core.population.view import PopulationView
from tests.support.generated import fewer

VIEWS = population_views(programs=15).filter(lambda view: bool(view.embeddings.any()))


@fewer(20, in_ci=50)
@given(VIEWS)
def test_distances_are_symmetric_and_zero_to_oneself(view: PopulationView) -> None:
    known = np.flatnonzero(embedded(view, np.arange(len(view))))
    apart = distances(view, known, known)
    assert apart == pytest.approx(apart.T)
    assert np.diag(apart).tolist() == [0.0] * len(known)
    assert ((apart >= 0) & (apart <= 2)).all()


@fewer(20, in_ci=50)
@given(VIEWS)
def test_a_distance_is_one_less_the_cosine(view: PopulationView) -> None:
    everyone = np.arange(len(view))
    exact = view.embeddings.astype(np.float64)
    assert distances(view, everyone, everyone) == pytest.approx(np.clip(1 - exact @ exact.T, 0, 2), abs=1e-5)
    few = everyone[: max(1, len(view) // 8)]  # gathered first
    assert distances(view, everyone, few) == pytest.approx(np.clip(1 - exact @ exact[few].T, 0, 2), abs=1e-5)


@fewer(20, in_ci=50)
@given(VIEWS, st.integers(1, 20))
def test_mean_distances_are_those_to_the_nearest(view: PopulationView, count: int) -> None:
    known = np.flatnonzero(embedded(view, np.arange(len(view))))
    apart = distances(view, known, known)
    for row, found in enumerate(mean_distances(view, known, known, count).tolist()):
        nearest = sorted(np.delete(apart[row], row).tolist())[:count]
        assert found == pytest.approx(np.mean(nearest) if nearest else 0.0)


@fewer(20, in_ci=50)
@given(VIEWS)
def test_the_more_of_the_nearest_count_the_farther_they_are(view: PopulationView) -> None:
    known = np.flatnonzero(embedded(view, np.arange(len(view))))
    means = np.array([mean_distances(view, known, known, count) for count in (1, 2, 5, 100)])
    assert (np.diff(means, axis=0) >= -1e-9).all()


@fewer(20, in_ci=50)
@given(st.integers(0, 2**32))
def test_a_program_without_a_glance_of_an_embedding_may_have_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = np.zeros((6, 30))
    for row in range(0, 6, 2):
        vectors[row, rng.integers(30)] = 1.0
    assert embedded(view_of([1.0] * 6, embeddings=vectors), np.arange(6)).tolist() == [True, False] * 3


def test_nobody_is_embedded_where_there_are_no_embeddings() -> None:
    assert not embedded(random_view(np.random.default_rng(0), width=0), np.arange(40)).any()
