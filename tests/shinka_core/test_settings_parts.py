"""A resume that names a part of a section within a section leaves the rest of it as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shinka_core.config import DatabaseConfig, EvolutionConfig, LocalJobConfig
from shinka_core.settings import RunSettings, changes, kept, restored


def settings(**evolution: Any) -> RunSettings:
    return RunSettings(
        "e", Path("/r"), EvolutionConfig(**evolution), LocalJobConfig(eval_program_path="/e.py"), DatabaseConfig()
    )


@pytest.mark.parametrize(
    ("begun", "named", "after"),
    [
        ({"tuning": {"most": 0.3, "trials": 9}}, {"tuning": {"wait": 5}}, {"wait": 5, "most": 0.3, "trials": 9}),
        ({"ideas": {"window": 20}}, {"ideas": {"threshold": 0.5}}, {"window": 20, "threshold": 0.5}),
        ({"bootstrap": {"count": 3}}, {"bootstrap": {"tries": 5}}, {"count": 3, "tries": 5}),
        ({"tuning": None}, {"tuning": {"wait": 5}}, {"wait": 5, "trials": 40}),
    ],
)
def test_what_is_not_named_is_as_it_was(begun: dict[str, Any], named: dict[str, Any], after: dict[str, Any]) -> None:
    (section,) = named
    now = restored(kept(settings(**begun)), settings(**named))
    assert getattr(now.evolve, section).model_dump().items() >= after.items()


def test_a_part_is_turned_off_by_its_name() -> None:
    assert restored(kept(settings(tuning={"most": 0.3})), settings(tuning=None)).evolve.tuning is None


def test_a_table_is_replaced_as_a_whole() -> None:
    begun = settings(llm_models=["a", "b"], llm_prices={"a": {"input": 1.0, "output": 1.0}})
    named = settings(llm_prices={"b": {"input": 2.0, "output": 2.0}})
    assert set(restored(kept(begun), named).evolve.llm_prices) == {"b"}


def test_nothing_named_changes_nothing() -> None:
    begun = settings(tuning={"most": 0.3}, ideas={"window": 20})
    assert changes(kept(begun), restored(kept(begun), settings())) == []
