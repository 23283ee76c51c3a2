"""What proposals of islands were worth, and how well bandits find the islands that are worth most."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shinka_core.population.archives import Fitness
from shinka_core.population.islands import UCB, Halving, IslandSelector, Thompson, Uniform
from shinka_core.population.islands.trajectories import (
    Reward,
    Trajectory,
    best_scores,
    rewards,
    trajectories,
    trajectory,
)
from shinka_core.population.state import Population
from shinka_core.population.view import PopulationView
from shinka_core.program import Failure
from shinka_core.record import Ended, Joined, Pull, Recorded
from tests.support.populations import of_populations, population, populations, stats

REWARDS: list[Reward] = ["best", "gain", "improved"]


@of_populations
@given(view=populations())
def test_a_trajectory_is_the_best_before_and_after_each_proposal_of_an_island(view: PopulationView) -> None:
    for island, members in enumerate(view.islands):
        best, expected = -np.inf, []
        for place, program in enumerate(members.tolist()):
            before = best
            best = max(best, float(view.scores[program]) if view.correct[program] else -np.inf)
            if place and view.births[program] == island:
                expected.append((before, best))
        found = trajectory(view, island)
        assert list(zip(found.before.tolist(), found.after.tolist(), strict=True)) == expected


def test_what_came_from_elsewhere_is_no_proposal_but_has_to_be_improved_on() -> None:
    living = Population(2, Fitness())
    for number, (island, score) in enumerate([(0, 1.0), (0, 5.0), (1, 3.0), (1, 6.0)], 1):
        home = (0, 1) if number == 1 else (island,)
        living.apply(Recorded(number, str(number), number, island, home, score, True, None))
        if number == 2:
            living.apply(Joined(2, "2", 1))
    found = trajectory(living.view(), 1)
    assert found.improved.tolist() == [0.0, 1.0]
    assert found.gains(5.0).tolist() == [0.0, pytest.approx(1 / 5)]
    assert trajectory(living.view(), 0).improved.tolist() == [1.0]


@of_populations
@given(view=populations(), data=st.data())
def test_a_proposal_that_came_to_nothing_leaves_the_best_as_it_was(view: PopulationView, data: st.DataObject) -> None:
    for island, members in enumerate(view.islands):
        failed = sorted(data.draw(st.lists(st.integers(0, len(members)), max_size=6)))
        best, expected = -np.inf, []
        for place in range(len(members) + 1):
            expected += [(best, best)] * failed.count(place)
            if place < len(members):
                before, program = best, members[place]
                best = max(best, float(view.scores[program]) if view.correct[program] else -np.inf)
                if place and view.births[program] == island:
                    expected.append((before, best))
        found = trajectory(view, island, np.array(failed, dtype=np.int64))
        assert list(zip(found.before.tolist(), found.after.tolist(), strict=True)) == expected


def test_the_fold_knows_which_proposals_of_an_island_came_to_nothing() -> None:
    living = Population(2, Fitness())
    here, there = Pull("diff", "m", island=0), Pull("diff", "m", island=1)
    living.apply(Recorded(1, "1", 0, 0, (0, 1), 1.0, True, None))
    living.apply(Ended(1, Failure("patch", "x", ""), (here, there, there)))
    living.apply(Recorded(2, "2", 2, 1, (1,), 2.0, True, "1", pulls=(here, there, there)))
    living.apply(Joined(2, "2", 0))
    living.apply(Ended(3, Failure("patch", "x", ""), (here,)))
    assert [each.tolist() for each in living.stats().failures] == [[1, 1, 2], [1, 1, 1]]
    first, second = trajectories(living.view(), living.stats())
    assert first.after.tolist() == [1.0, 1.0, 2.0], "what joined was there when the last one failed"
    assert second.after.tolist() == [1.0, 1.0, 1.0, 2.0]
    assert second.improved.tolist() == [0.0, 0.0, 0.0, 1.0]


def test_failures_make_an_island_less_promising() -> None:
    living, rng = Population(2, Fitness()), np.random.default_rng(0)
    living.apply(Recorded(1, "1", 0, 0, (0, 1), 0.0, True, None))
    for number in range(2, 30):
        score = float(number if number % 4 < 2 else 0)
        living.apply(Recorded(number, str(number), number, number % 2, (number % 2,), score, True, None))
        living.apply(Ended(100 + number, Failure("patch", "x", ""), (Pull("diff", "m", island=1),) * 3))
    view, counted = living.view(), living.stats()
    forgotten = replace(counted, failures=())
    for selector in (Thompson("improved"), Thompson("gain"), UCB("improved", exploration=0.0)):
        seen = sum(selector.select(view, counted, rng) == 1 for _ in range(300))
        unseen = sum(selector.select(view, forgotten, rng) == 1 for _ in range(300))
        assert seen < unseen, selector
    assert Halving().select(view, counted, rng) == 0, "the other one has had its share"


def test_gains_are_shares_of_the_size_of_the_best() -> None:
    infinite = -np.inf
    before = np.array([infinite, infinite, -2.0, -1.0, 0.0, 1.0, -9.0])
    after = np.array([infinite, -2.0, -1.0, -1.0, 1.0, 1.5, 0.0])
    assert Trajectory(before, after).gains(-2.0) == pytest.approx([0.0, 1.0, 0.5, 0.0, 0.5, 0.25, 1.0])
    huge = Trajectory(np.array([1e308, -1e308]), np.array([1.5e308, 1e308]))
    assert huge.gains(1e308) == pytest.approx([0.5, 1.0])


def test_a_weak_island_does_not_seem_to_do_well_because_its_numbers_are_small() -> None:
    living = Population(2, Fitness())
    for number, (island, score) in enumerate([(0, 1.0), (0, 100.0), (0, 110.0), (1, 2.0)], 1):
        home = (0, 1) if number == 1 else (island,)
        living.apply(Recorded(number, str(number), number, island, home, score, True, None))
    strong, weak = rewards(living.view(), living.stats(), "gain")
    assert strong.tolist() == [pytest.approx(0.9), pytest.approx(10 / 110)]
    assert weak.tolist() == [pytest.approx(1 / 110)]


@pytest.mark.parametrize("reward", REWARDS)
@of_populations
@given(view=populations())
def test_rewards_are_between_nothing_and_one(reward: Reward, view: PopulationView) -> None:
    found = rewards(view, stats(view), reward)
    assert len(found) == len(view.islands)
    for island, values in enumerate(found):
        assert ((values >= 0) & (values <= 1)).all()
        assert len(values) == len(trajectory(view, island).after)


@of_populations
@given(view=populations())
def test_the_reward_of_the_best_never_falls_along_a_trajectory(view: PopulationView) -> None:
    assert all((np.diff(values) >= 0).all() for values in rewards(view, stats(view), "best"))


@of_populations
@given(view=populations())
def test_there_is_a_gain_exactly_where_there_is_an_improvement(view: PopulationView) -> None:
    for gains, improved in zip(rewards(view, stats(view), "gain"), rewards(view, stats(view), "improved"), strict=True):
        assert ((gains > 0) == (improved == 1)).all()


@of_populations
@given(view=populations())
def test_the_best_of_an_island_is_that_of_its_correct_programs(view: PopulationView) -> None:
    for island, best in enumerate(best_scores(view, stats(view)).tolist()):
        scores = [float(view.scores[p]) for p in view.islands[island] if view.correct[p]]
        assert best == max(scores) if scores else np.isnan(best)


@pytest.mark.parametrize("first", [1, 3])
@of_populations
@given(view=populations(islands=6))
def test_ucb_tries_every_island_as_often_as_it_should_before_it_compares(first: int, view: PopulationView) -> None:
    tried = np.array([len(trajectory(view, island).after) for island in range(len(view.islands))])
    island = UCB(first=first).select(view, stats(view), np.random.default_rng(0))
    assert tried.min() >= first or tried[island] == tried.min()


def test_proposals_at_once_spread_over_islands_of_which_nothing_is_known() -> None:
    view, going = population(0, 1, 4), [0, 0, 0, 0]
    for _ in range(8):
        going[UCB().select(view, stats(view, under_way=going), np.random.default_rng(0))] += 1
    assert going == [2, 2, 2, 2]


def test_a_decay_forgets_what_an_island_once_brought() -> None:
    """Island 0 improved at first and island 1 of late; each as often."""
    living = Population(2, Fitness())
    living.apply(Recorded(1, "1", 1, 0, (0, 1), 0.0, True, None))
    steps = [(0, 1.0), (0, 2.0), (0, 3.0), (1, 0.0), (1, 0.0), (1, 0.0), (0, 0.0), (0, 0.0), (0, 0.0)]
    for number, (island, score) in enumerate([*steps, (1, 1.0), (1, 2.0), (1, 3.0)], 2):
        living.apply(Recorded(number, str(number), number, island, (island,), score, True, None))
    view, rng = living.view(), np.random.default_rng(0)
    assert {UCB("improved", decay=0.5).select(view, stats(view), rng) for _ in range(20)} == {1}
    assert {UCB("improved", decay=1.0).select(view, stats(view), rng) for _ in range(20)} == {0, 1}
    late = Counter(Thompson("improved", decay=0.5).select(view, stats(view), rng) for _ in range(400))
    assert late[1] > 2 * late[0]


def final_best(selector: IslandSelector, seed: int, generations: int = 240) -> tuple[float, float]:
    """The best score and the share of proposals that the best island had, where one island of eight is promising.

    A proposal of an island reaches further by a step, with a chance that falls with every step; on one island steps
    are longer and more likely.
    """
    rng, islands = np.random.default_rng(seed), 8
    promising = int(rng.integers(islands))
    living = Population(islands, Fitness())
    living.apply(Recorded(1, "1", 0, 0, tuple(range(islands)), 0.0, True, None))
    level, given_out = [0.0] * islands, [0] * islands
    for number in range(2, generations + 2):
        island = selector.select(living.view(), living.stats(number / generations), rng)
        given_out[island] += 1
        chance, step = (0.35, 1.0) if island == promising else (0.15, 0.5)
        score = level[island] + (step if rng.random() < chance else -1.0)
        level[island] = max(level[island], score)
        living.apply(Recorded(number, str(number), number, island, (island,), score, True, None))
    return max(level), given_out[promising] / generations


@pytest.mark.slow
@pytest.mark.parametrize(
    "selector",
    [
        UCB(),
        UCB("improved"),
        Thompson(),
        Thompson("improved"),
        Halving((4, 2, 1)),
    ],
    ids=repr,
)
def test_an_allocation_that_learns_gets_further_with_the_same_budget(selector: IslandSelector) -> None:
    uniform = [final_best(Uniform(), seed) for seed in range(8)]
    learning = [final_best(selector, seed) for seed in range(8)]
    assert np.mean([best for best, _ in learning]) > 1.2 * np.mean([best for best, _ in uniform])
    assert np.mean([share for _, share in learning]) > 1.5 / 8
