"""Bandits draw as their formulas say, and lose little on problems with a known best arm."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shinka_core.bandit import BANDITS, Arm, Arms, AsymmetricUCB, Bandit, Fixed, Offer, Outcome, Thompson
from shinka_core.program import Failure
from shinka_core.record import Called, Ended, Pull
from tests.support.chi_square import assert_drawn_like

DRAWS = 4_000
TWO = [Offer("diff", 0.6, {"a": 0.25, "b": 0.75}), Offer("full", 0.3, {"a": 1.0}), Offer("mutate", 0.1, {})]


def assert_as_expected(counts: list[int], chances: list[float]) -> None:
    assert_drawn_like(dict(enumerate(counts)), dict(enumerate(chances)))


def drawn(bandit: Bandit, offers: list[Offer], **under_way: int) -> Counter[Arm]:
    rng, waiting = np.random.default_rng(7), Counter({Arm("diff", model): n for model, n in under_way.items()})
    return Counter(bandit.pull(offers, waiting, rng) for _ in range(DRAWS))


def test_fixed_draws_the_operator_and_then_the_model() -> None:
    counts = drawn(Fixed(), TWO)
    shares = {
        Arm("diff", "a"): 0.15, Arm("diff", "b"): 0.45, Arm("full", "a"): 0.3, Arm("mutate"): 0.1,
    }  # fmt: skip
    assert_as_expected([counts[arm] for arm in shares], list(shares.values()))


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    weights=st.lists(st.floats(0.1, 1.0), min_size=1, max_size=4),
    models=st.lists(st.floats(0.1, 1.0), min_size=1, max_size=4),
)
def test_fixed_takes_the_same_draws_as_two_choices_by_weight(
    seed: int, weights: list[float], models: list[float]
) -> None:
    offers = [Offer(f"o{i}", weight, {f"m{j}": w for j, w in enumerate(models)}) for i, weight in enumerate(weights)]
    rng, by_hand = np.random.default_rng(seed), np.random.default_rng(seed)
    for _ in range(5):
        arm = Fixed().pull(offers, {}, rng)
        operator = by_hand.choice(len(weights), p=np.asarray(weights) / np.sum(weights))
        model = by_hand.choice(len(models), p=np.asarray(models) / np.sum(models))
        assert arm == Arm(f"o{operator}", f"m{model}")
    assert rng.random() == by_hand.random()


def test_fixed_draws_no_operator_where_it_is_settled() -> None:
    rng, by_hand = np.random.default_rng(1), np.random.default_rng(1)
    assert Fixed().pull([Offer("fix", None, {"a": 1.0, "b": 1.0})], {}, rng).operator == "fix"
    by_hand.choice(2, p=[0.5, 0.5])
    assert rng.random() == by_hand.random()


def test_thompson_draws_an_arm_with_the_probability_that_it_is_the_best() -> None:
    bandit = Thompson()
    for model, outcomes in (("a", (1.0, 1.0, -1.0)), ("b", (1.0, None, None))):
        for gain in outcomes:
            bandit.observe(Outcome(Arm("diff", model), gain))
    # Beta(3, 2) above Beta(2, 3): the sum of the formula for integer parameters, by exact integration over a grid.
    x = (np.arange(200_000) + 0.5) / 200_000
    first, second = 12 * x**2 * (1 - x), 12 * x * (1 - x) ** 2
    better = float(np.sum(first * np.cumsum(second)) / 200_000**2)
    counts = drawn(bandit, [Offer("diff", 1.0, {"a": 1.0, "b": 1.0})])
    assert_as_expected([counts[Arm("diff", "a")], counts[Arm("diff", "b")]], [better, 1 - better])


def test_asymmetric_ucb_draws_an_arm_at_random_as_often_as_epsilon_says() -> None:
    bandit = AsymmetricUCB(epsilon=0.3)
    for model in "abc":
        for _ in range(50):
            bandit.observe(Outcome(Arm("diff", model), 1.0 if model == "a" else 0.0))
    counts = drawn(bandit, [Offer("diff", 1.0, dict.fromkeys("abc", 1.0))])
    assert_as_expected([counts[Arm("diff", model)] for model in "abc"], [0.8, 0.1, 0.1])


def test_asymmetric_ucb_is_the_formula() -> None:
    bandit = AsymmetricUCB(exploration=0.1, epsilon=0.0, sharpness=2.0, cost_power=0.5)
    arms = [Arm("diff", "a"), Arm("diff", "b")]
    for arm, gain, cost in ((arms[0], 0.5, 0.04), (arms[0], -3.0, 0.02), (arms[1], 0.1, 0.01), (arms[1], None, 0.01)):
        bandit.observe(Outcome(arm, gain, cost))
    values = bandit.values(arms, np.array([0.0, 1.0]))
    means = np.log([(np.exp(1.0) + 1) / 2, (np.exp(0.2) + 1 + 1) / 3])
    bonus = 0.1 * np.sqrt(2 * np.log(5) / np.array([2.0, 3.0]))
    costs = np.array([0.03, 0.01]) / 0.03 * (1 - bonus)
    assert values == pytest.approx((np.array([1.0, 0.0]) * (means[0] > means[1]) + bonus) / np.sqrt(costs))


def test_of_two_arms_that_gain_alike_asymmetric_ucb_takes_the_cheaper_one() -> None:
    bandit, rng = AsymmetricUCB(epsilon=0.0), np.random.default_rng(0)
    pulled: Counter[str] = Counter()
    for _ in range(400):
        arm = bandit.pull([Offer("diff", 1.0, {"cheap": 1.0, "dear": 1.0})], {}, rng)
        pulled[arm.model] += 1
        bandit.observe(Outcome(arm, 0.1 if rng.random() < 0.3 else 0.0, 0.001 if arm.model == "cheap" else 0.1))
    assert pulled["cheap"] > 300


@pytest.mark.parametrize(("name", "most"), [("ucb1", 0.6), ("thompson", 0.3), ("asymmetric_ucb", 0.6)])
def test_learning_loses_much_less_than_drawing_at_random(name: str, most: float) -> None:
    chances = {"a": 0.05, "b": 0.1, "c": 0.4, "d": 0.15}
    regrets: list[float] = []
    for seed in range(10):
        bandit, rng, regret = BANDITS.create(name), np.random.default_rng(seed), 0.0
        for _ in range(500):
            arm = bandit.pull([Offer("diff", 1.0, dict.fromkeys(chances, 1.0))], {}, rng)
            regret += 0.4 - chances[arm.model]
            bandit.observe(Outcome(arm, 0.2 if rng.random() < chances[arm.model] else -0.2))
        regrets.append(regret)
    at_random = 500 * (0.4 - np.mean(list(chances.values())))
    assert np.mean(regrets) < most * at_random


def test_an_arm_that_is_as_good_with_a_twentieth_of_the_evaluations_is_pulled_where_seconds_count() -> None:
    offers = [Offer("mutate", 0.5, {}), Offer("tune", 0.5, {})]

    def share(bandit: Bandit) -> float:
        for turn in range(200):
            bandit.observe(Outcome(Arm("mutate"), 1.0 if turn % 5 == 0 else -1.0, seconds=1.0))
            bandit.observe(Outcome(Arm("tune"), 1.0 if turn % 5 < 3 else -1.0, seconds=20.0))
        return drawn(bandit, offers)[Arm("tune")] / DRAWS

    assert share(Thompson()) > 0.99
    assert share(Thompson(seconds_power=1.0)) < 0.01
    assert share(AsymmetricUCB(epsilon=0.0)) == 1.0
    assert share(AsymmetricUCB(epsilon=0.0, seconds_power=1.0)) == 0.0


def test_an_arm_whose_cost_nobody_knows_is_not_preferred_for_it() -> None:
    dear, cheap, unknown, free = (Arm("diff", model) for model in ("dear", "cheap", "unknown", "free"))
    bandit = AsymmetricUCB(exploration=0.1, epsilon=0.0)
    for arm, cost in ((dear, 1.0), (cheap, 0.1), (unknown, None), (free, 0.0)):
        for _ in range(20):
            bandit.observe(Outcome(arm, 1.0, cost))
    values = bandit.values([dear, cheap, unknown, free], np.zeros(4))
    assert values[2] == pytest.approx(values[0])
    assert values[3] >= values[1] > values[0]


def test_the_cost_of_an_arm_is_that_of_its_own_calls_or_unknown() -> None:
    told: list[Outcome] = []

    class Listening(Fixed):
        def observe(self, outcome: Outcome) -> None:
            told.append(outcome)

    arms = Arms(Listening())
    arms.apply(Called(1, "proposal", "a", 0.5))
    arms.apply(Called(1, "novelty", "a", None))
    arms.apply(Called(2, "proposal", "a", 0.5))
    arms.apply(Called(2, "repair", "a", None))
    for generation in (1, 2):
        arms.apply(Ended(generation, Failure("query", "x", ""), (Pull("diff", "a"),)))
    assert [outcome.cost for outcome in told] == [0.5, None]
