"""What docs/models.md says of operators and bandits is what happens."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import yaml

from shinka.testing.operators import PaperBench, sampling_of
from shinka_core.bandit import AsymmetricUCB, bandit_of
from shinka_core.config import EvolutionConfig
from shinka_core.operators import Operators, ProposingOperator
from shinka_core.program import Candidate
from shinka_core.source import Source
from tests.support.prefect import ROOT

SECTION = (
    (ROOT / "docs" / "models.md").read_text().split("## Operators, models and who chooses them")[1].split("\n## ")[0]
)


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", SECTION, re.DOTALL)
    assert found is not None
    return found.group(1)


def test_the_settings_are_settings() -> None:
    config = EvolutionConfig(**yaml.safe_load(block("yaml"))["evolution"])
    assert Operators(config.patch_types).names == ["diff", "full", "mutate"]
    bandit = bandit_of(config)
    assert isinstance(bandit, AsymmetricUCB)
    assert bandit.epsilon == 0.1


async def test_the_operator_is_one() -> None:
    names: dict[str, Any] = {}
    exec(block("python"), names)
    operator, bench = names["Larger"](3), PaperBench()
    assert isinstance(operator, ProposingOperator)
    sampling = sampling_of("larger")
    sampling = replace(sampling, parent=replace(sampling.parent, source=Source.of("x = 1.0", "python")))
    made = await operator.propose(sampling, bench)
    assert made == Candidate(Source.of("x = 3", "python"), "larger", "Scores 5.0.", "")
    assert len(bench.asked) == 1
