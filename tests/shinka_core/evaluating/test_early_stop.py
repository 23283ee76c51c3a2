"""Early stops decide as all repeats would, save evaluations, and know no unit."""

from __future__ import annotations

import math
from statistics import fmean

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shinka_core.evaluating.early_stop import EarlyStop, Rule, probability_above
from shinka_core.evaluating.student import incomplete_beta, t_above
from tests.support.generated import fewer

RULES: tuple[Rule, ...] = ("confidence_interval", "bayesian", "hybrid")
SCORES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("t", "freedom", "tail"),
    [
        (6.313752, 1, 0.05), (63.656741, 1, 0.005), (2.919986, 2, 0.05), (2.570582, 5, 0.025), (1.697261, 30, 0.05),
        (1.959964, 1e7, 0.025), (0.0, 3, 0.5), (math.inf, 4, 0.0), (-math.inf, 4, 1.0),
    ],
)  # fmt: skip
def test_tails_are_those_of_the_tables(t: float, freedom: float, tail: float) -> None:
    assert t_above(t, freedom) == pytest.approx(tail, abs=2e-7)
    assert t_above(-t, freedom) == pytest.approx(1 - tail, abs=2e-7)


@fewer(40, in_ci=50)
@given(st.floats(0.001, 0.999), st.floats(0.1, 50), st.floats(0.1, 50))
def test_the_beta_function_is_one_minus_its_mirror_image(x: float, a: float, b: float) -> None:
    value = incomplete_beta(x, a, b)
    assert 0.0 <= value <= 1.0 + 1e-12
    assert value + incomplete_beta(1 - x, b, a) == pytest.approx(1.0, abs=1e-9)


def runs_until(rule: EarlyStop, scores: list[float], bar: float) -> int:
    return next(n for n in range(1, len(scores) + 1) if rule.settled(scores[:n], len(scores), bar))


@pytest.mark.parametrize("rule", RULES)
@fewer(40, in_ci=50)
@given(scores=SCORES, bar=st.floats(-1e6, 1e6), most=st.integers(2, 20), least=st.integers(2, 5))
def test_never_before_the_minimum_and_always_at_the_end(
    rule: Rule, scores: list[float], bar: float, most: int, least: int
) -> None:
    stop = EarlyStop(rule, least)
    if len(scores) >= most:
        assert stop.settled(scores, most, bar)
        return
    if len(scores) < least:
        assert not stop.settled(scores, most, bar)
    assert not stop.settled(scores, most, None), "there is nothing to compare with"
    assert not EarlyStop("none", least).settled(scores, most, bar)


@pytest.mark.parametrize("rule", RULES)
@fewer(40, in_ci=50)
@given(
    scores=st.lists(st.integers(-1000, 1000), min_size=2, max_size=9),
    bar=st.integers(-1000, 1000),
    scale=st.sampled_from([2.0**-40, 0.5, 4.0, 2.0**300]),
    shift=st.integers(-1000, 1000),
)
def test_units_and_origin_of_scores_do_not_matter(
    rule: Rule, scores: list[int], bar: int, scale: float, shift: int
) -> None:
    stop, most = EarlyStop(rule, 2), 10
    moved = [(score + shift) * scale for score in scores]
    assert stop.settled([float(score) for score in scores], most, float(bar)) == stop.settled(
        moved, most, (bar + shift) * scale
    )


@fewer(40, in_ci=50)
@given(scores=st.lists(st.integers(-50, 50), min_size=1, max_size=8), most=st.integers(9, 30))
def test_the_probability_turns_around_with_the_scores(scores: list[int], most: int) -> None:
    assume(any(scores))
    gains = [float(score) for score in scores]
    above = probability_above(gains, most)
    assert above + probability_above([-gain for gain in gains], most) == pytest.approx(1.0, abs=1e-9)
    if sum(gains):
        assert (above > 0.5) == (sum(gains) > 0)


@fewer(40, in_ci=50)
@given(
    st.lists(st.sampled_from([-1.7e308, 1.7e308, 0.0, 5e-324, 1e-300]), min_size=2, max_size=8), st.sampled_from(RULES)
)
def test_no_finite_score_is_too_large_or_too_small(scores: list[float], rule: Rule) -> None:
    assert EarlyStop(rule, 2).settled(scores, 10, -1.7e308) in (True, False)


def test_equal_scores_give_no_interval_and_a_sceptic_a_little_more_than_none() -> None:
    assert not EarlyStop("confidence_interval", 2).settled([1.0] * 9, 10, 0.0)
    assert not EarlyStop("bayesian", 2).settled([1.0] * 2, 10, 0.0)
    assert EarlyStop("bayesian", 2).settled([1.0] * 4, 10, 0.0)
    assert EarlyStop("bayesian", 2).settled([0.0] * 2, 10, 0.0), "what equals the bar is not above it"


def simulated(rule: Rule, gains: np.ndarray, most: int, rng: np.random.Generator) -> tuple[float, float]:
    """How often an early decision is that of all repeats, and the share of evaluations that it needs."""
    stop = EarlyStop(rule, 3, 0.95)
    agree = used = 0
    for gain in gains:
        scores = rng.normal(gain, 1.0, most).tolist()
        runs = runs_until(stop, scores, 0.0)
        agree += (fmean(scores[:runs]) > 0) == (fmean(scores) > 0)
        used += runs
    return agree / len(gains), used / (len(gains) * most)


# Binomial standard error with 1,500 cases at 0.95: 0.0056. Candidates scatter about the bar as widely as repeats do.
@pytest.mark.parametrize(("rule", "needs"), [("confidence_interval", 0.85), ("bayesian", 0.65), ("hybrid", 0.75)])
@pytest.mark.parametrize("most", [10, 20])
def test_early_stops_decide_as_all_repeats_in_95_of_100_cases_and_save_evaluations(
    rule: Rule, needs: float, most: int
) -> None:
    rng = np.random.default_rng(1)
    agree, used = simulated(rule, rng.normal(0.0, 1.0, 1_500), most, rng)
    assert agree >= 0.95
    assert used <= needs


@pytest.mark.parametrize("gain", [0.0, 0.2, -0.5])
def test_the_interval_keeps_its_word_wherever_the_true_score_lies(gain: float) -> None:
    rng = np.random.default_rng(2)
    agree, used = simulated("confidence_interval", np.full(1_500, gain), 10, rng)
    assert agree >= 0.95
    assert used < 1.0


def test_losers_are_cheap_and_winners_are_made_sure_of_by_the_hybrid() -> None:
    rng = np.random.default_rng(3)
    (_, losing), (_, winning) = (simulated("hybrid", np.full(400, gain), 20, rng) for gain in (-1.0, 1.0))
    assert losing < 0.35 < winning
