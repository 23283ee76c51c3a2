"""Statistics against published tables and by counting."""

import itertools
import math
import random

import pytest

from benchmarks.search import statistics
from benchmarks.search.statistics import effect, holm, proportion_test, quantile, rank_test


@pytest.mark.parametrize(
    ("a", "b", "p"),
    [
        # Tables of the Mann-Whitney distribution: U = 0, 2 and 12 with samples of 5.
        ([1, 2, 3, 4, 5], [6, 7, 8, 9, 10], 2 / 252),
        ([1, 2, 3, 4, 7], [5, 6, 8, 9, 10], 8 / 252),
        ([1, 4, 5, 8, 9], [2, 3, 6, 7, 10], 1.0),
        # 3 against 3, U = 0: the smallest p that there is.
        ([1, 2, 3], [4, 5, 6], 0.1),
        ([1, 1, 1], [1, 1, 1], 1.0),
    ],
)
def test_the_rank_test_against_its_tables(a, b, p):
    assert rank_test(a, b) == pytest.approx(p)
    assert rank_test(b, a) == pytest.approx(p)


def test_ties_are_counted_out_over_all_assignments():
    a, b = [1, 2, 2, 3], [2, 3, 3, 4, 4]
    ranks = statistics.doubled_midranks(a + b)
    middle = len(a) * sum(ranks) / len(ranks)
    sums = [sum(chosen) for chosen in itertools.combinations(ranks, len(a))]
    seen = abs(sum(ranks[: len(a)]) - middle)
    expected = sum(abs(each - middle) >= seen - 1e-9 for each in sums) / len(sums)
    assert rank_test(a, b) == pytest.approx(expected)


def test_large_samples_agree_with_small_ones_where_both_apply(monkeypatch):
    rng = random.Random(0)
    a, b = [rng.gauss(0, 1) for _ in range(25)], [rng.gauss(0.7, 1) for _ in range(20)]
    exact = rank_test(a, b)
    monkeypatch.setattr(statistics, "EXACT", 0)
    assert rank_test(a, b) == pytest.approx(exact, rel=0.2)


def test_under_no_difference_the_rank_test_is_wrong_as_often_as_it_says():
    rng = random.Random(1)
    found = [rank_test([rng.random() for _ in range(8)], [rng.random() for _ in range(8)]) < 0.05 for _ in range(1000)]
    assert 0.02 < sum(found) / 1000 < 0.065


def test_the_effect_size_is_a_chance():
    assert effect([2, 3], [1, 1]) == 1.0
    assert effect([1], [1]) == 0.5
    assert effect([1, 3], [2, 2]) == 0.5


def test_holm_corrects_step_by_step_and_never_turns_an_order_round():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_the_exact_test_of_proportions_against_the_lady_tasting_tea():
    assert proportion_test(3, 4, 1, 4) == pytest.approx(34 / 70)
    assert proportion_test(4, 4, 0, 4) == pytest.approx(2 / 70)
    assert proportion_test(0, 5, 0, 5) == 1.0


def test_quantiles_lie_between_neighbours():
    assert quantile([4, 1, 3, 2], 0.5) == 2.5
    assert quantile([1, 2, 3, 4, 5], 0.25) == 2
    assert quantile([-math.inf, -math.inf, 1.0], 0.25) == -math.inf


def test_an_empty_sample_is_no_sample():
    with pytest.raises(ValueError, match="empty"):
        rank_test([], [1.0])
