"""Settings of OpenEvolve and SkyDiscover tasks, as settings of this project."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from shinka_core.config import DatabaseConfig, EvolutionConfig, LocalJobConfig
from shinka_core.config.open_evolve import is_theirs, taken_over
from shinka_core.errors import ConfigError

FILE = """
max_iterations: 40
checkpoint_interval: 10
random_seed: 7
early_stopping_patience: 12
diff_based_evolution: false
llm:
  api_base: http://127.0.0.1:8000/v1
  api_key: ${LOCAL_KEY}
  temperature: 0.7
  max_tokens: 900
  timeout: 30
  models:
    - {name: small, weight: 0.8}
    - {name: large, weight: 0.2, api_base: "http://127.0.0.1:9000/v1", temperature: 0.1}
prompt:
  system_message: Pack more.
  include_artifacts: false
  num_top_programs: 3
database:
  num_islands: 2
  archive_size: 9
  population_size: 50
  feature_dimensions: [score, complexity]
  feature_bins: 6
evaluator:
  timeout: 60
  cascade_evaluation: true
  cascade_thresholds: [0.5, 0.75]
  parallel_evaluations: 3
"""


def test_what_has_an_equal_is_taken_and_the_rest_is_named() -> None:
    found = taken_over(yaml.safe_load(FILE))
    evolution = EvolutionConfig(**found.evolution)
    large = "large@http://127.0.0.1:9000/v1"
    assert (evolution.num_generations, evolution.seed, evolution.patience, evolution.task_sys_msg) == (
        40,
        7,
        12,
        "Pack more.",
    )
    assert (evolution.llm_models, evolution.llm_weights) == (["small", large], [0.8, 0.2])
    assert (evolution.llm_base_url, evolution.llm_timeout) == ("http://127.0.0.1:8000/v1", 30)
    assert evolution.llm_kwargs == {"temperature": 0.7, "max_tokens": 900}
    assert evolution.llm_model_kwargs == {large: {"temperature": 0.1}}
    assert evolution.llm_endpoints["127.0.0.1:8000"].api_key_env == "LOCAL_KEY"
    assert (evolution.patch_types, evolution.max_parallel_jobs) == (["full"], 3)
    assert "artifacts" not in evolution.shown_feedback
    job = LocalJobConfig(**found.job)
    assert (job.time_limit, job.extra_cmd_args) == (60, {"cascade": "0.5,0.75"})
    database = DatabaseConfig(**found.database)
    assert (database.num_islands, database.archive_size) == (2, 9)
    assert database.archive_strategy == {"name": "map_elites", "features": ["score", "complexity"], "bins": 6}
    assert "max_iterations (num_generations)" in found.taken
    assert found.left_out == ["checkpoint_interval", "prompt.num_top_programs", "database.population_size"]


@pytest.mark.parametrize(
    ("llm", "models", "weights"),
    [
        ({"primary_model": "a", "secondary_model": "b"}, ["a", "b"], [1.0, 0.2]),
        ({"primary_model": "a", "secondary_model": "b", "secondary_model_weight": 0.0}, ["a"], None),
        ({"models": [{"name": "a", "weight": 1.0}, {"name": "a", "weight": 2.0}]}, ["a"], None),
        ({"models": [{"name": "a"}, {"name": "b"}]}, ["a", "b"], None),
        ({"models": ["a", "b"]}, ["a", "b"], None),
        ({"models": [{"name": "a", "weight": "0.8"}, {"name": "b", "weight": None}]}, ["a", "b"], [0.8, 1.0]),
        ({"models": [{"name": "${ONE_MODEL}"}]}, ["small"], None),
    ],
)
def test_models_by_either_form(
    llm: dict[str, Any], models: list[str], weights: list[float] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONE_MODEL", "small")
    evolution = EvolutionConfig(**taken_over({"llm": llm}).evolution)
    assert (evolution.llm_models, evolution.llm_weights) == (models, weights)


def test_addresses_may_name_variables_and_keys_go_to_their_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_HOST", "models.example.com")
    llm = {"api_base": "https://${MY_HOST}/v1", "api_key": "${MY_KEY}", "primary_model": "a"}
    evolution = EvolutionConfig(**taken_over({"llm": llm}).evolution)
    assert evolution.llm_base_url == "https://models.example.com/v1"
    assert evolution.llm_endpoints["models.example.com"].api_key_env == "MY_KEY"
    monkeypatch.delenv("MY_HOST")
    with pytest.raises(ConfigError, match="environment variable MY_HOST is not set"):
        taken_over({"llm": llm})


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"llm": {"models": [{"name": "a", "weight": "much"}]}}, "the weight of 'a' is 'much'; it must be a number"),
        ({"evaluator": {"cascade_thresholds": [0.5, "high"]}}, "must be numbers"),
    ],
)
def test_what_cannot_be_meant_is_told_by_their_name(settings: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        taken_over(settings)


def test_what_is_left_out_of_a_model_and_names_that_are_numbers_are_told() -> None:
    models = [{"name": "a", "timeout": 60, "weight": 1}, {"name": "b", "timeout": 60, "retries": None}]
    settings: dict[Any, Any] = {"llm": {"models": models}, 3: 4}
    assert taken_over(settings).left_out == ["llm.models[].timeout", "3"]


def test_a_key_is_never_a_setting() -> None:
    found = taken_over({"llm": {"primary_model": "a", "api_key": "sk-0123456789abcdef"}})
    assert "0123456789" not in str(found)
    assert found.left_out == ["llm.api_key"]


@pytest.mark.parametrize(
    ("evaluator", "cascade"),
    [
        ({}, "0.5,0.75,0.9"),
        ({"cascade_thresholds": [1.3]}, "1.3"),
        ({"cascade_thresholds": ["0.5", 0.7]}, "0.5,0.7"),
        ({"cascade_thresholds": 0.5}, "0.5"),
        ({"cascade_evaluation": False, "cascade_thresholds": [1.3]}, None),
    ],
)
def test_stages_are_on_unless_they_are_switched_off_as_they_are_there(
    evaluator: dict[str, Any], cascade: str | None
) -> None:
    job = LocalJobConfig(**taken_over({"evaluator": evaluator}).job)
    assert job.extra_cmd_args.get("cascade") == cascade


def test_a_word_alone_is_the_name_of_a_template_and_no_message() -> None:
    found = taken_over({"prompt": {"system_message": "geometry"}})
    assert ("task_sys_msg" in found.evolution, found.left_out) == (False, ["prompt.system_message"])


@pytest.mark.parametrize(
    ("settings", "theirs"),
    [
        ({"max_iterations": 3}, True),
        ({"llm": {}, "database": {}}, True),
        ({"database": {}}, False),
        ({"evolution": {}, "llm": {}}, False),
        ({"evo_config": {}}, False),
        ({}, False),
    ],
)
def test_such_a_file_is_known_by_its_sections(settings: dict[str, Any], theirs: bool) -> None:
    assert is_theirs(settings) is theirs
