"""Nothing that is stored holds a key."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from shinka_core.checks import check_settings
from shinka_core.config import DatabaseConfig, EvolutionConfig, LocalJobConfig
from shinka_core.errors import ConfigError
from shinka_core.secrets import NAMES_OF_NO_SECRETS, holds_key, redact, refuse_stored_secrets
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


@pytest.mark.parametrize(
    "name", ["prompt_cache_key", "max_tokens", "cache_key", "idempotency-key", "author", "token_type"]
)
def test_what_only_sounds_like_a_secret_is_stored(tmp_path: Path, name: str) -> None:
    check_settings(settings(tmp_path, {"llm_kwargs": {name: "run-17", "max_token": 5}}, {}))
    assert re.search(NAMES_OF_NO_SECRETS["propertyNames"]["pattern"], name)


@pytest.mark.parametrize(
    "name", ["api_key", "apiKey", "X-Api-Key", "api-key", "Authorization", "authToken", "secret", "Cookie"]
)
def test_what_is_called_like_a_secret_is_refused_by_settings_and_server_alike(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        check_settings(settings(tmp_path, {"llm_kwargs": {"extra_headers": {name: "hunter2"}}}, {}))
    assert not re.search(NAMES_OF_NO_SECRETS["propertyNames"]["pattern"], name)


def test_a_key_of_this_environment_is_refused_under_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "a-plain-looking-value\n")
    with pytest.raises(ConfigError, match="'user'") as caught:
        check_settings(settings(tmp_path, {"llm_kwargs": {"user": "a-plain-looking-value"}}, {}))
    assert "plain" not in str(caught.value)


def test_a_key_is_taken_out_in_whatever_form_it_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_API_KEY", "abc/def+12345\n")
    for quoted in ("abc/def+12345", "abc%2Fdef%2B12345", "abc/def+12345\\n"):
        assert "12345" not in redact(f"Illegal header value {quoted!r}; {quoted}")


def test_an_evaluators_key_is_named_and_never_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "a-plain-looking-value")
    named = settings(tmp_path, {}, {})
    check_settings(replace(named, job=named.job.model_copy(update={"env": {"HF_TOKEN": "$HF_TOKEN"}})))
    with pytest.raises(ConfigError, match=r"job\.env.*HF_TOKEN") as caught:
        check_settings(replace(named, job=named.job.model_copy(update={"env": {"HF_TOKEN": "a-plain-looking-value"}})))
    assert "plain" not in str(caught.value)


@pytest.mark.parametrize(
    "key",
    [
        "sk-" + "a1" * 10,
        "sk_live_" + "a1" * 10,
        "gsk-" + "a1" * 10,
        "AIza" + "a1" * 15,
        "ghp_" + "a1" * 18,
        "github_pat_" + "a1" * 20,
        "hf_" + "a1" * 17,
        "AKIA" + "A1" * 8,
        "xoxb-" + "1" * 12,
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE+a/b=\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_what_only_keys_look_like_is_neither_shown_nor_stored_nor_handed_to_evaluations(key: str) -> None:
    assert redact(f"refused: '{key}' (401)") == "refused: '[key]' (401)"
    assert holds_key(key)
    with pytest.raises(ConfigError, match="llm_kwargs holds 'harmless'"):
        refuse_stored_secrets(urls={}, options={"llm_kwargs": {"harmless": key}})


@pytest.mark.parametrize(
    "text", ["risk-assessment of task_management_in_the_large", "hf_home", "eyJ is no token", "monkey_patch"]
)
def test_what_is_no_key_stays(text: str) -> None:
    assert redact(text) == text
    assert not holds_key(text)
