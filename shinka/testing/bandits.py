"""What every bandit has to hold to, as tests: subclass `BanditContract` and say how one is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from shinka_core.bandit import BANDITS, Arm, Bandit, Offer, Outcome, arms_of

# How many sets of offers and outcomes are made at random.
CASES = 40


def random_offers(rng: np.random.Generator) -> list[Offer]:
    """Operators with and without models, some of no weight; now and then a single one that is settled."""
    operators = [f"operator_{number}" for number in range(int(rng.integers(1, 4)))]
    weights = np.where(rng.random(len(operators)) < 0.2, 0.0, rng.random(len(operators)))
    weights[int(rng.integers(len(operators)))] = 1.0
    offers: list[Offer] = []
    for operator, weight in zip(operators, weights, strict=True):
        models = {f"model_{number}": float(rng.choice([0.0, 0.5, 2.0])) for number in range(int(rng.integers(0, 4)))}
        if models:
            models["model_0"] = 1.0
        offers.append(Offer(operator, float(weight), models))
    return [Offer("fix", None, offers[0].models)] if rng.random() < 0.2 else offers


def random_outcomes(rng: np.random.Generator, arms: Sequence[Arm], count: int) -> list[Outcome]:
    """Gains, losses, failures and extremes."""
    gains = [None, 0.0, -1.0, 1e-9, 0.3, 5.0, -1e300, 1e300]
    return [
        Outcome(arms[int(rng.integers(len(arms)))], gains[int(rng.integers(len(gains)))], float(rng.choice([0, 0.01, 7])))
        for _ in range(count)
    ]  # fmt: skip


class BanditContract:
    """The tests. Override `make`; pytest finds them in a subclass whose name begins with `Test`.

    Attributes:
        learns: Whether what came of pulls changes what is pulled.
    """

    learns = True

    def make(self) -> Bandit:
        """A new bandit, always the same."""
        raise NotImplementedError

    def _after(self, outcomes: Sequence[Outcome]) -> Bandit:
        bandit = self.make()
        for outcome in outcomes:
            bandit.observe(outcome)
        return bandit

    def test_what_is_pulled_is_offered_and_weighs_more_than_nothing(self) -> None:
        for seed in range(CASES):
            rng = np.random.default_rng(seed)
            offers = random_offers(rng)
            arms = [arm for offer in offers for arm in offer.arms]
            bandit = self._after(random_outcomes(rng, arms, int(rng.integers(0, 30))))
            for _ in range(5):
                assert bandit.pull(offers, Counter(), rng) in arms_of(offers), f"case {seed}: {offers}"

    def test_arms_that_are_out_are_not_missed(self) -> None:
        rng = np.random.default_rng(1)
        both, one = Offer("diff", 1.0, {"a": 1.0, "b": 1.0}), Offer("diff", 1.0, {"b": 1.0})
        bandit = self._after([Outcome(Arm("diff", "a"), 5.0), Outcome(Arm("diff", "b"), None)] * 5)
        assert bandit.pull([one], Counter(), rng) == Arm("diff", "b")
        assert bandit.pull([both], Counter(), rng).model in ("a", "b")

    def test_the_same_outcomes_give_the_same_state_after_any_prefix_however_often_it_was_pulled(self) -> None:
        rng = np.random.default_rng(2)
        offers = [Offer("diff", 0.7, {"a": 1.0, "b": 2.0}), Offer("full", 0.3, {"a": 1.0}), Offer("mutate", 0.5, {})]
        outcomes = random_outcomes(rng, arms_of(offers), 30)
        lived = self.make()
        for count, outcome in enumerate(outcomes):
            replayed = self._after(outcomes[:count])
            waiting = Counter({Arm("diff", "a"): count % 3})
            again = [bandit.pull(offers, waiting, np.random.default_rng(count)) for bandit in (lived, lived, replayed)]
            assert len(set(again)) == 1, f"after {count} outcomes"
            lived.observe(outcome)

    def test_pulls_under_way_spread(self) -> None:
        if not self.learns:
            return
        offers, arm = [Offer("diff", 1.0, {"a": 1.0, "b": 1.0})], Arm("diff", "a")
        bandit, rng = self._after([Outcome(Arm("diff", model), 1.0) for model in "ab"]), np.random.default_rng(3)
        pulled = [bandit.pull(offers, Counter({arm: 20}), rng) for _ in range(100)]
        assert pulled.count(arm) < 40

    def test_an_arm_that_never_gives_a_program_does_not_win(self) -> None:
        if not self.learns:
            return
        for seed in range(5):
            bandit, rng = self.make(), np.random.default_rng(seed)
            pulled: list[str] = []
            for _ in range(400):
                arm = bandit.pull([Offer("diff", 1.0, {"good": 1.0, "mute": 1.0})], Counter(), rng)
                gain = 0.1 if arm.model == "good" and rng.random() < 0.5 else -0.1
                bandit.observe(Outcome(arm, None if arm.model == "mute" else gain, 0.01))
                pulled.append(arm.model)
            assert pulled[-200:].count("good") > 120, f"seed {seed}"

    def test_settings_can_name_it(self) -> None:
        from shinka_core.registry import spec_of

        made = BANDITS.create(spec_of(self.make()))
        assert type(made) is type(self.make())
