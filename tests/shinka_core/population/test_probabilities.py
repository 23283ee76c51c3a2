"""How scores become chances: always a distribution, always in favour of the better, whatever the scale."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shinka_core.population.probabilities import (
    in_unit_range,
    power_law_probabilities,
    rank_probabilities,
    weighted_probabilities,
)
from tests.support.chi_square import chi_square_limit
from tests.support.generated import fewer

FINITE = st.floats(allow_nan=False, allow_infinity=False)
ANY = st.lists(FINITE, min_size=1, max_size=40)
SCORES = st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=40)
COARSE = st.lists(st.integers(-4, 4).map(float), min_size=1, max_size=30)
WORST = -sys.float_info.max


def none(scores: list[float]) -> np.ndarray:
    return np.zeros(len(scores), dtype=np.int64)


# Weighted


@fewer(20, in_ci=50)
@given(ANY, st.floats(0.01, 1000), st.data())
def test_weights_of_any_finite_scores_are_a_distribution(
    scores: list[float], sharpness: float, data: st.DataObject
) -> None:
    children = np.array(data.draw(st.lists(st.integers(0, 50), min_size=len(scores), max_size=len(scores))))
    p = weighted_probabilities(np.array(scores), children, sharpness)
    assert p.sum() == pytest.approx(1.0)
    assert (p >= 0).all()


@fewer(20, in_ci=50)
@given(SCORES, st.floats(0.1, 100))
def test_among_equal_children_a_better_score_never_weighs_less(scores: list[float], sharpness: float) -> None:
    p = weighted_probabilities(np.array(scores), none(scores), sharpness)
    assert (np.diff(p[np.argsort(scores, kind="stable")]) >= -1e-12).all()


@fewer(20, in_ci=50)
@given(SCORES, st.lists(st.integers(0, 50), min_size=40, max_size=40))
def test_among_equal_scores_fewer_children_never_weigh_less(scores: list[float], children: list[int]) -> None:
    counts = np.array(children[: len(scores)])
    p = weighted_probabilities(np.full(len(scores), scores[0]), counts, 10.0)
    assert p == pytest.approx(1 / (1 + counts) / (1 / (1 + counts)).sum())


@fewer(20, in_ci=50)
@given(SCORES, st.integers(0, 39), st.integers(1, 20))
def test_a_child_more_makes_its_parent_less_likely(scores: list[float], index: int, more: int) -> None:
    index %= len(scores)
    children = none(scores)
    before = weighted_probabilities(np.array(scores), children, 10.0)[index]
    children[index] += more
    assert weighted_probabilities(np.array(scores), children, 10.0)[index] <= before + 1e-12


@fewer(20, in_ci=50)
@given(COARSE, st.integers(-8, 8), st.integers(-100, 100), st.floats(0.1, 50))
def test_weights_are_of_no_unit(scores: list[float], exponent: int, shift: int, sharpness: float) -> None:
    values = np.array(scores)
    assume(np.median(np.abs(values - np.median(values))) > 0)  # else the smallest scale is a unit
    p = weighted_probabilities(values, none(scores), sharpness)
    scaled = weighted_probabilities(values * 2.0**exponent + shift, none(scores), sharpness)
    assert scaled == pytest.approx(p, abs=1e-9)


@fewer(20, in_ci=50)
@given(COARSE, st.integers(0, 2**32))
def test_weights_follow_programs_wherever_they_stand(scores: list[float], seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(scores))
    p = weighted_probabilities(np.array(scores), np.arange(len(scores)), 10.0)
    moved = weighted_probabilities(np.array(scores)[order], np.arange(len(scores))[order], 10.0)
    assert moved == pytest.approx(p[order])


def test_the_weighted_formula_is_the_published_one() -> None:
    scores, children = np.array([1.0, 2.0, 4.0]), np.array([0, 1, 3])
    sigmoid = 1 / (1 + np.exp(-10.0 * (scores - 2.0) / 1.0))
    expected = sigmoid / (1 + children)
    assert weighted_probabilities(scores, children, 10.0) == pytest.approx(expected / expected.sum())


@pytest.mark.parametrize("penalty", [WORST, -1e200])
@pytest.mark.parametrize("good", [[0.1], [0.1, 0.2], [0.1, 0.2, 0.3, 0.4], [-WORST]])
def test_among_huge_penalties_the_good_ones_are_chosen(penalty: float, good: list[float]) -> None:
    for failed in (1, 2, 3, 4):
        scores = np.array([penalty] * failed + good)
        for p in (
            weighted_probabilities(scores, none(list(scores)), 10.0),
            power_law_probabilities(scores, 2.0),
            rank_probabilities(scores, 2.0),
        ):
            assert p.sum() == pytest.approx(1.0)
            assert int(np.argmax(p)) >= failed
            assert p[-1] > p[0]


# By rank


@fewer(20, in_ci=50)
@given(ANY, st.floats(0, 50))
def test_chances_by_rank_are_a_distribution_that_favours_score(scores: list[float], power: float) -> None:
    order = np.argsort(scores, kind="stable")
    for p in (power_law_probabilities(np.array(scores), power), rank_probabilities(np.array(scores), power)):
        assert p.sum() == pytest.approx(1.0)
        assert p[int(np.argmax(scores))] == pytest.approx(p.max())
    assert (np.diff(p[order]) >= -1e-12).all()


@fewer(20, in_ci=50)
@given(st.lists(FINITE, min_size=1, max_size=30, unique=True), st.floats(0, 5))
def test_both_are_one_where_no_scores_are_equal(scores: list[float], power: float) -> None:
    values = np.array(scores)
    assert rank_probabilities(values, power) == pytest.approx(power_law_probabilities(values, power))


@fewer(20, in_ci=50)
@given(COARSE, st.floats(0, 5))
def test_equal_scores_have_equal_chances(scores: list[float], power: float) -> None:
    p = rank_probabilities(np.array(scores), power)
    for score in set(scores):
        assert np.ptp(p[np.array(scores) == score]) < 1e-12


@fewer(20, in_ci=50)
@given(COARSE, st.floats(0, 5), st.integers(0, 2**32))
def test_chances_by_rank_follow_programs_wherever_they_stand(scores: list[float], power: float, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(scores))
    p = rank_probabilities(np.array(scores), power)
    assert rank_probabilities(np.array(scores)[order], power) == pytest.approx(p[order])


@fewer(20, in_ci=50)
@given(COARSE, st.floats(0, 5))
def test_no_rising_function_of_scores_changes_chances_by_rank(scores: list[float], power: float) -> None:
    values = np.array(scores)
    p = rank_probabilities(values, power)
    for mapped in (values * 1e300, values**3 - 7, np.exp(values), np.arctan(values)):
        assert rank_probabilities(mapped, power).tolist() == p.tolist()
        assert power_law_probabilities(mapped, power).tolist() == power_law_probabilities(values, power).tolist()


@fewer(20, in_ci=50)
@given(COARSE)
def test_without_power_everybody_has_the_same_chance(scores: list[float]) -> None:
    assert rank_probabilities(np.array(scores), 0.0) == pytest.approx(np.full(len(scores), 1 / len(scores)))


@fewer(20, in_ci=50)
@given(st.lists(FINITE, min_size=2, max_size=30, unique=True), st.floats(0, 5), st.floats(0.01, 5))
def test_more_power_is_greedier(scores: list[float], power: float, more: float) -> None:
    values, best = np.array(scores), int(np.argmax(scores))
    assert rank_probabilities(values, power + more)[best] >= rank_probabilities(values, power)[best] - 1e-12


# The unit range


@fewer(20, in_ci=50)
@given(st.lists(FINITE, min_size=1, max_size=20))
def test_the_unit_range_goes_from_the_worst_to_the_best_in_order(scores: list[float]) -> None:
    values = np.array(scores)
    placed = in_unit_range(values, float(values.min()), float(values.max()))
    assert ((placed >= 0) & (placed <= 1)).all()
    assert (np.diff(placed[np.argsort(values)]) >= 0).all()
    if values.min() < values.max():
        assert (placed.min(), placed.max()) == (0.0, 1.0)


@fewer(20, in_ci=50)
@given(FINITE, FINITE, FINITE)
def test_what_is_outside_of_the_range_is_at_its_end(value: float, one: float, other: float) -> None:
    low, high = min(one, other), max(one, other)
    assume(low < high)
    [placed] = in_unit_range(np.array([value]), low, high).tolist()
    assert placed == 0.0 if value <= low else placed == 1.0 if value >= high else 0.0 <= placed <= 1.0


# The yardstick


@pytest.mark.parametrize(("freedom", "limit"), [(1, 19.51), (2, 23.03), (10, 41.30), (20, 59.04), (50, 104.54)])
def test_the_chi_square_limits_are_nearly_those_of_the_tables(freedom: int, limit: float) -> None:
    assert 0.99 * limit < chi_square_limit(freedom) < 1.08 * limit, "a little too patient for few degrees"
