"""What counts as a feature of a program."""

from __future__ import annotations

from shinka_core.generation.recording import MOST_METRICS, _features
from shinka_core.program import Evaluation
from shinka_core.source import Source


async def test_whatever_a_public_metric_holds_those_that_are_finite_numbers_are_features() -> None:
    public = {"a": 1, "b": True, "huge": 10**400, "nan": float("nan"), "text": "x", "list": [1], "length": 7.0}
    evaluation = Evaluation(1.0, True, public_metrics=public, features={"a": 3.0})
    found = await _features(Source.of("x = 1\n", "python"), evaluation)
    assert found == {"length": 7.0, "lines": 1.0, "complexity": 1.0, "a": 3.0, "b": 1.0}


async def test_of_many_public_metrics_the_first_count() -> None:
    public = {f"m{number}": number for number in range(1_000)}
    found = await _features(Source.of("x = 1\n", "python"), Evaluation(1.0, True, public_metrics=public))
    assert [name for name in found if name.startswith("m")] == [f"m{number}" for number in range(MOST_METRICS)]
