"""Samplers: always a distribution, always in favour of the better."""

from __future__ import annotations

import math
import sys
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shinka_core.selection.archive import ArchiveChange, fitness_change, fittest
from shinka_core.selection.inspirations import draw_inspirations
from shinka_core.selection.islands import draw_island, draw_migrants
from shinka_core.selection.parents import power_law_probabilities, weighted_probabilities

SCORES = st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=40)
WORST = -sys.float_info.max


@given(scores=SCORES, sharpness=st.floats(0.1, 100), data=st.data())
def test_weighted_sampling_is_a_distribution_that_favours_score(
    scores: list[float], sharpness: float, data: st.DataObject
) -> None:
    values = np.array(scores)
    children = np.array(data.draw(st.lists(st.integers(0, 50), min_size=len(scores), max_size=len(scores))))
    p = weighted_probabilities(values, children, sharpness)
    assert p.sum() == pytest.approx(1.0)
    assert (p >= 0).all()
    equal = weighted_probabilities(values, np.zeros(len(scores), dtype=int), sharpness)
    order = np.argsort(values, kind="stable")
    assert (np.diff(equal[order]) >= -1e-12).all()


@pytest.mark.parametrize("penalty", [WORST, -1e200])
@pytest.mark.parametrize("good", [[0.1], [0.1, 0.2], [0.1, 0.2, 0.3, 0.4], [-WORST]])
def test_among_huge_penalties_the_good_ones_are_chosen(penalty: float, good: list[float]) -> None:
    for failed in (1, 2, 3, 4):
        scores = np.array([penalty] * failed + good)
        for p in (
            weighted_probabilities(scores, np.zeros(len(scores), dtype=int), 10.0),
            power_law_probabilities(scores, 2.0),
        ):
            assert p.sum() == pytest.approx(1.0)
            assert int(np.argmax(p)) >= failed
            assert p[-1] > p[0]


@given(scores=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=40))
def test_any_finite_scores_make_a_distribution(scores: list[float]) -> None:
    p = weighted_probabilities(np.array(scores), np.zeros(len(scores), dtype=int), 10.0)
    assert p.sum() == pytest.approx(1.0)
    assert p[int(np.argmax(scores))] == pytest.approx(p.max())


def test_the_weighted_formula_is_the_published_one() -> None:
    scores, children = np.array([1.0, 2.0, 4.0]), np.array([0, 1, 3])
    sigmoid = 1 / (1 + np.exp(-10.0 * (scores - 2.0) / 1.0))
    expected = sigmoid / (1 + children)
    assert weighted_probabilities(scores, children, 10.0) == pytest.approx(expected / expected.sum())


@given(scores=SCORES, alpha=st.floats(0, 5))
def test_power_law_sampling_is_a_distribution_by_rank(scores: list[float], alpha: float) -> None:
    p = power_law_probabilities(np.array(scores), alpha)
    assert p.sum() == pytest.approx(1.0)
    assert p[int(np.argmax(scores))] == pytest.approx(p.max())


def test_the_equal_strategy_fills_the_smallest_island() -> None:
    rng = np.random.default_rng(0)
    assert {draw_island(rng, [5, 2, 2], "equal") for _ in range(50)} == {1, 2}
    assert {draw_island(rng, [5, 2, 2], "uniform") for _ in range(50)} == {0, 1, 2}


@given(scores=st.lists(st.floats(-10, 10), min_size=1, max_size=20, unique=True), rate=st.floats(0, 1))
def test_the_best_never_migrates_when_it_is_to_stay(scores: list[float], rate: float) -> None:
    values = np.array(scores)
    migrants = draw_migrants(np.random.default_rng(0), values, rate, keep_best=True)
    assert int(np.argmax(values)) not in migrants
    assert len(set(migrants)) == len(migrants) <= round(rate * len(values))


@given(st.data())
def test_inspirations_are_distinct_ascending_and_not_the_parent(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 20))
    scores = np.array(data.draw(st.lists(st.floats(-5, 5), min_size=count, max_size=count)))
    everyone = list(range(count))
    parent = data.draw(st.sampled_from(everyone))
    archive = data.draw(st.lists(st.sampled_from(everyone), unique=True))
    chosen = draw_inspirations(
        np.random.default_rng(1), archive, everyone, scores, parent, from_archive=2, top=2, elite_ratio=0.3
    )
    assert parent not in chosen
    assert len(set(chosen)) == len(chosen) <= 4
    assert [scores[i] for i in chosen] == sorted(scores[i] for i in chosen)


def inspired(*, archive: list[int], from_archive: int, top: int, elite_ratio: float, parent: int = 0) -> list[set[int]]:
    """What three hundred generators are shown of twenty programs, where the number is the score."""
    scores = np.arange(20.0)
    return [
        set(
            draw_inspirations(
                np.random.default_rng(seed), archive, list(range(20)), scores, parent,
                from_archive=from_archive, top=top, elite_ratio=elite_ratio,
            )
        )
        for seed in range(300)
    ]  # fmt: skip


@pytest.mark.parametrize("from_archive", [1, 2, 3, 4])
def test_half_of_what_the_archive_gives_is_of_its_elite_and_elites_come_equally_often(from_archive: int) -> None:
    archive, elite = list(range(1, 11)), {8, 9, 10}
    shown = inspired(archive=archive, from_archive=from_archive, top=0, elite_ratio=0.3)
    assert {len(chosen) for chosen in shown} == {from_archive}
    assert all(len(chosen & elite) >= min(math.ceil(from_archive / 2), 3) for chosen in shown)
    assert all(chosen <= set(archive) for chosen in shown), "programs outside of the archive come through `top` alone"
    often = Counter(member for chosen in shown for member in chosen)
    assert max(often[member] for member in elite) < 1.5 * min(often[member] for member in elite)
    if from_archive > 1:
        assert set(often) == set(archive), "the other half may be anyone of the archive"


def test_an_elite_of_everyone_or_no_one_is_drawn_like_the_rest() -> None:
    for elite_ratio in (0.0, 1.0):
        often = Counter(
            member
            for chosen in inspired(archive=[1, 2, 3, 4], from_archive=2, top=0, elite_ratio=elite_ratio)
            for member in chosen
        )
        assert set(often) == {1, 2, 3, 4}
        assert max(often.values()) < 1.5 * min(often.values())


def test_the_islands_best_come_on_top_and_no_program_twice() -> None:
    for chosen in inspired(archive=[18, 19], from_archive=1, top=2, elite_ratio=0.5, parent=17):
        assert chosen == {19, 18, 16}, "19 from the archive's elite, then the best that are neither it nor the parent"
    assert inspired(archive=[0], from_archive=3, top=0, elite_ratio=0.5) == [set()] * 300


def test_a_full_archive_lets_the_worst_go_for_a_better_one() -> None:
    archive = {0: 1.0, 1: 3.0}
    assert fitness_change(archive, 2, 2.0, 3) == ArchiveChange(added=2)
    assert fitness_change(archive, 2, 2.0, 2) == ArchiveChange(added=2, removed=0)
    assert fitness_change(archive, 2, 0.5, 2) == ArchiveChange()


@given(st.lists(st.sampled_from([0.5, 1.0, 1.5, 2.0, 2.5]), max_size=40), st.integers(1, 6))
def test_an_archive_ranked_at_once_is_the_one_that_grew(scores: list[float], size: int) -> None:
    grown: dict[int, float] = {}
    for program, score in enumerate(scores):
        change = fitness_change(grown, program, score, size)
        if change.removed is not None:
            del grown[change.removed]
        if change.added is not None:
            grown[change.added] = score
    assert list(fittest(enumerate(scores), size).items()) == list(grown.items())
