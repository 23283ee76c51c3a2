"""Nothing that is stored holds a key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shinka_core.checks import check_settings
from shinka_core.config import DatabaseConfig, EvolutionConfig, LocalJobConfig
from shinka_core.errors import ConfigError
from shinka_core.secrets import redact
from shinka_core.settings import RunSettings


def test_keys_are_taken_out_of_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_API_KEY", "a plain-looking value")
    said = "Incorrect key sk-abcDEF123456: a plain-looking value, Bearer abcdefghijk and AIzaSyA1234567890abcdefghijk"
    assert redact(said) == "Incorrect key [key]: [key], Bearer [key] and [key]"
    assert redact("no key, task-oriented, risk-averse-strategies") == "no key, task-oriented, risk-averse-strategies"


@pytest.mark.parametrize(
    ("evolve", "database", "words"),
    [
        ({}, {"db_path": "postgresql://me:hunter2@host/db"}, ["db_path", "PGPASSWORD"]),
        ({"llm_base_url": "https://me:hunter2@host/v1"}, {}, ["llm_base_url", "OPENAI_API_KEY"]),
        ({"llm_kwargs": {"api_key": "hunter2"}}, {}, ["llm_kwargs", "'api_key'", "environment"]),
        ({"llm_kwargs": {"extra_headers": {"Authorization": "hunter2"}}}, {}, ["llm_kwargs", "'Authorization'"]),
        ({"llm_kwargs": {"extra_headers": {"X-Api-Key": "hunter2"}}}, {}, ["llm_kwargs", "'X-Api-Key'"]),
    ],
)
def test_settings_that_hold_a_secret_are_refused_without_repeating_it(
    tmp_path: Path, evolve: dict[str, Any], database: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        check_settings(settings(tmp_path, evolve, database))
    assert "hunter2" not in str(caught.value)
    assert all(word in str(caught.value) for word in words)


def test_limits_of_tokens_are_no_secrets(tmp_path: Path) -> None:
    check_settings(settings(tmp_path, {"llm_kwargs": {"max_tokens": 5, "max_completion_tokens": 5}}, {}))


def settings(folder: Path, evolve: dict[str, Any], database: dict[str, Any]) -> RunSettings:
    (folder / "initial.py").write_text("# EVOLVE-BLOCK-START\nx = 1\n# EVOLVE-BLOCK-END\n")
    (folder / "evaluate.py").write_text("")
    return RunSettings(
        "run", folder / "r", EvolutionConfig(init_program_path=str(folder / "initial.py"), **evolve),
        LocalJobConfig(eval_program_path=str(folder / "evaluate.py")), DatabaseConfig(**database), 1, 1,
    )  # fmt: skip
