"""Every bandit of the registry, and those of others, hold to the contract."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from shinka.testing import BanditContract
from shinka_core.bandit import BANDITS, Arm, Bandit, Offer, Outcome, arms_of, bandit_of
from shinka_core.config import EvolutionConfig
from shinka_core.errors import ConfigError


class TestFixed(BanditContract):
    learns = False

    def make(self) -> Bandit:
        return BANDITS.create("fixed")


class TestUCB1(BanditContract):
    def make(self) -> Bandit:
        return BANDITS.create("ucb1")


class TestThompson(BanditContract):
    def make(self) -> Bandit:
        return BANDITS.create("thompson")


class TestThompsonThatForgets(BanditContract):
    def make(self) -> Bandit:
        return BANDITS.create({"name": "thompson", "decay": 0.95})


class TestAsymmetricUCB(BanditContract):
    def make(self) -> Bandit:
        return BANDITS.create("asymmetric_ucb")


class TestAsymmetricUCBThatForgets(BanditContract):
    def make(self) -> Bandit:
        return BANDITS.create({"name": "asymmetric_ucb", "decay": 0.98, "epsilon": 0.0})


@dataclass
class Greedy:
    """The arm with the best mean of successes, a little optimistic."""

    optimism: float = 1.0
    _known: dict[Arm, tuple[int, int]] = field(default_factory=dict[Arm, tuple[int, int]], init=False, repr=False)

    def pull(self, offers: Sequence[Offer], under_way: Mapping[Arm, int], rng: np.random.Generator) -> Arm:
        arms = arms_of(offers)
        known = [self._known.get(arm, (0, 0)) for arm in arms]
        means = [
            (good + self.optimism) / (pulls + under_way.get(arm, 0) + 1)
            for arm, (good, pulls) in zip(arms, known, strict=True)
        ]
        return arms[int(rng.choice(np.flatnonzero(np.asarray(means) == max(means))))]

    def observe(self, outcome: Outcome) -> None:
        good, pulls = self._known.get(outcome.arm, (0, 0))
        self._known[outcome.arm] = good + ((outcome.gain or 0.0) > 0), pulls + 1


class TestAnObject(BanditContract):
    def make(self) -> Bandit:
        return bandit_of(EvolutionConfig(bandit=Greedy(2.0)))  # pyright: ignore[reportArgumentType]


class TestByPlace(BanditContract):
    def make(self) -> Bandit:
        return bandit_of(EvolutionConfig(bandit=f"{__name__}:Greedy"))


def test_the_contract_is_run_on_all_that_are_registered() -> None:
    assert set(BANDITS) == {"fixed", "ucb1", "thompson", "asymmetric_ucb"}


def test_another_package_offers_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "outside_bandits.py").write_text(f"from {__name__} import Greedy\n")
    info = tmp_path / "outside-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: outside\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[shinka.bandits]\ngreedy = outside_bandits:Greedy\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    made = bandit_of(EvolutionConfig(bandit={"name": "greedy", "optimism": 3}))
    assert made == Greedy(3.0)
    sys.modules.pop("outside_bandits", None)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("ucb2", r"bandit: there is no bandit 'ucb2'; did you mean 'ucb1'"),
        ({"name": "thompson", "decay": 1.5}, r"bandit: bandit 'thompson': decay=1\.5"),
        ({"name": "ucb1", "epsilon": 0.1}, r"has no parameter 'epsilon'"),
    ],
)
def test_a_mistake_names_field_value_and_remedy(spec: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        bandit_of(EvolutionConfig(bandit=spec))  # pyright: ignore[reportArgumentType]
