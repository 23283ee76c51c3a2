"""Where values are cut into bins."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shinka_core.population.archives.bins import MISSING, RunningCuts, Scaling, bins_of, cuts_of, even_cuts
from tests.support.generated import fewer

VALUES = st.lists(st.floats(-1e6, 1e6) | st.sampled_from([np.nan, np.inf, 0.0, 1.0]), max_size=40)
BINS = st.integers(1, 8)
SCALINGS: list[Scaling] = ["range", "quantiles"]
of_both = pytest.mark.parametrize("scaling", SCALINGS)


@of_both
@given(values=VALUES, bins=BINS)
def test_cuts_that_follow_the_values_are_those_of_all_at_once(scaling: Scaling, values: list[float], bins: int) -> None:
    running = RunningCuts(bins, scaling)
    for count, value in enumerate(values, 1):
        running.add(value)
        assert running.cuts().tolist() == cuts_of(np.array(values[:count]), bins, scaling).tolist()


@of_both
@given(values=VALUES, bins=BINS)
def test_every_value_has_a_bin_and_a_larger_one_no_lower(scaling: Scaling, values: list[float], bins: int) -> None:
    every = np.array(values)
    found = bins_of(every, cuts_of(every, bins, scaling))
    assert ((found == MISSING) == ~np.isfinite(every)).all()
    assert ((found >= MISSING) & (found < bins)).all()
    ascending = np.argsort(every[np.isfinite(every)], kind="stable")
    assert (np.diff(found[np.isfinite(every)][ascending]) >= 0).all()


@fewer(20, in_ci=50)
@given(seed=st.integers(0, 999), count=st.integers(1, 60), bins=BINS)
def test_quantiles_give_bins_with_as_many_values(seed: int, count: int, bins: int) -> None:
    values = np.random.default_rng(seed).permutation(count).astype(float)
    counts = np.bincount(bins_of(values, cuts_of(values, bins, "quantiles")), minlength=bins)
    assert counts.max() - counts.min() <= 1


@fewer(20, in_ci=50)
@given(low=st.floats(-1e3, 1e3), width=st.floats(1e-3, 1e3), bins=st.integers(2, 8))
def test_even_cuts_are_as_far_from_each_other_as_from_the_ends(low: float, width: float, bins: int) -> None:
    edges = np.array([low, *even_cuts(low, low + width, bins), low + width])
    assert np.diff(edges) == pytest.approx(np.full(bins, (edges[-1] - low) / bins), rel=1e-6)


def test_the_largest_numbers_have_bins() -> None:
    values = np.array([-1.7e308, 0.0, 1.7e308])
    assert bins_of(values, cuts_of(values, 3, "range")).tolist() == [0, 1, 2]
