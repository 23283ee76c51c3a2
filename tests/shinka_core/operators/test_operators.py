"""Every operator of the registry, and those of others, hold to the contract; settings name them."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from shinka.testing import OperatorContract
from shinka.testing.operators import ANSWERS, PaperBench, sampling_of
from shinka_core.config import EvolutionConfig
from shinka_core.edit import Rules
from shinka_core.errors import ConfigError
from shinka_core.llm.question import CallKey, Material, Question
from shinka_core.operators import OPERATORS, Diff, Mutate, MutationModel, Operator, Operators
from shinka_core.program import Failure, Purpose
from shinka_core.source import Source
from tests.support.operators import Climb, Halve


class TestDiff(OperatorContract):
    name = "diff"

    def make(self) -> Operator:
        return OPERATORS.create("diff")


class TestFull(OperatorContract):
    name, answer = "full", ANSWERS[4]

    def make(self) -> Operator:
        return OPERATORS.create("full")


class TestCross(OperatorContract):
    name, answer = "cross", ANSWERS[4]

    def make(self) -> Operator:
        return OPERATORS.create("cross")


class TestFix(OperatorContract):
    name, answer = "fix", ANSWERS[4]

    def make(self) -> Operator:
        return OPERATORS.create("fix")


class TestBootstrap(OperatorContract):
    name, answer = "bootstrap", ANSWERS[4]

    def make(self) -> Operator:
        return OPERATORS.create("bootstrap")


class TestMutate(OperatorContract):
    name = "mutate"

    def make(self) -> Operator:
        return OPERATORS.create("mutate")


class TestOneThatEvaluates(OperatorContract):
    name = "climb"

    def make(self) -> Operator:
        return Climb(3)


class TestByPlace(OperatorContract):
    name = "halve"

    def make(self) -> Operator:
        place = f"{Halve.__module__}:Halve"
        return Operators([place]).of(place)


def test_the_contract_is_run_on_all_that_are_registered() -> None:
    elsewhere = {"tune"}
    assert set(OPERATORS) == {"diff", "full", "cross", "fix", "mutate", "bootstrap"} | elsewhere


def test_another_package_offers_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "outside_operators.py").write_text(f"from {Climb.__module__} import Climb\n")
    info = tmp_path / "outside-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: outside\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[shinka.operators]\nclimb = outside_operators:Climb\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    config = EvolutionConfig(patch_types=[{"name": "climb", "steps": 2}], patch_type_probs=[1.0])
    assert config.operator_names == ["climb"]
    assert Operators(config.patch_types).of("climb") == Climb(2)
    sys.modules.pop("outside_operators", None)


class SameDraws(PaperBench):
    """Gives the draws that the model has."""

    def rng(self) -> np.random.Generator:
        return np.random.default_rng([self.seed, 2 * self.turn, self.turn])


async def test_mutate_makes_what_it_answers_in_a_models_place() -> None:
    for seed in range(10):
        sampling = sampling_of("mutate", seed)
        material = Material(sampling.parent.source, tuple(p.source for p in sampling.inspirations), "diff")
        question = Question(CallKey(1, Purpose.PROPOSAL, 0, 0), "builtin/mutate", "", "", seed, material=material)
        answer = await MutationModel().ask(question)
        made = await Mutate().propose(sampling, SameDraws(seed=seed))
        assert made == Diff().apply(answer.text, sampling.parent, Rules(10_000))


async def test_mutate_says_that_there_is_nothing_to_vary() -> None:
    sampling = sampling_of("mutate", inspirations=0)
    sampling = replace(sampling, parent=replace(sampling.parent, source=Source.of("hello", "text")))
    made = await Mutate().propose(sampling, PaperBench())
    assert isinstance(made, Failure)
    assert made.reason == "nothing_to_vary"


@dataclass
class Neither:
    """Neither asks nor proposes."""


@pytest.mark.parametrize(
    ("specs", "message"),
    [
        (["dif"], r"patch_types: there is no operator 'dif'; did you mean 'diff'"),
        ([f"{__name__}:Neither"], r"patch_types: .*neither `prompt` and `apply`.*nor `propose`"),
        ([{"name": "mutate", "rate": 2}], r"patch_types: operator 'mutate' has no parameter 'rate'"),
    ],
)
def test_a_mistake_names_field_value_and_remedy(specs: list[object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Operators(EvolutionConfig(patch_types=specs, patch_type_probs=[1.0]).patch_types)  # pyright: ignore


def test_an_operator_is_named_once_and_fix_never() -> None:
    with pytest.raises(ValueError, match=r"patch_types names an operator twice"):
        EvolutionConfig(patch_types=["diff", "diff"], patch_type_probs=[0.5, 0.5])
    with pytest.raises(ValueError, match=r"'fix', which is used by itself"):
        EvolutionConfig(patch_types=["fix"], patch_type_probs=[1.0])


def test_what_a_stored_sampling_names_is_there_though_the_settings_leave_it_out() -> None:
    assert Operators(["diff"]).of("cross") == OPERATORS.create("cross")
