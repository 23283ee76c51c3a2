"""Settings of stages, repeats and repairs that cannot be meant are refused with field, value and remedy."""

from __future__ import annotations

from typing import Any

import pytest

from shinka_core.config import EvolutionConfig, LocalJobConfig
from shinka_core.errors import ConfigError
from shinka_core.launch import check_job


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"stages": [{"name": "a"}, {"name": "a"}]}, "stages names 'a' twice"),
        ({"stages": [{"name": "a-b"}]}, "should match pattern"),
        ({"stages": [{"name": "a", "slot": 2}]}, "did you mean 'slots'"),
        ({"stages": [{"name": "a", "slots": 0}]}, "greater than or equal to 1"),
        ({"stages": [{"name": "a", "time": "0:00"}]}, "time='0:00' of the stage 'a' must be longer"),
        ({"stages": [{"name": "a", "time": "soon"}]}, "neither seconds nor"),
        ({"stages": [{"name": "a", "args": {"stage": "b"}}]}, "names 'stage', which every evaluation has"),
        (
            {"stages": [{"name": "a", "continue_above": 1}]},
            "continue_above=1 of the last stage, 'a', leads to no other",
        ),
        ({"repeats": 0}, "greater than or equal to 1"),
        ({"early_stop": "bayesian"}, "early_stop='bayesian' has nothing to stop: repeats=1"),
        ({"early_stop": "hybrid", "repeats": 3}, "repeats=3 is no more than min_repeats=3"),
        ({"early_stop": "sometimes", "repeats": 9}, "'confidence_interval', 'bayesian' or 'hybrid'"),
        ({"early_stop_confidence": 1.0}, "less than 1"),
        ({"seed_argument": "--seed"}, "seed_argument='--seed' is no name"),
        ({"seed_variable": "MY-SEED"}, "seed_variable='MY-SEED' is no name"),
        ({"seed_argument": "stage"}, "seed_argument='stage' is an argument of its own"),
        ({"seed_argument": "s", "stages": [{"name": "a", "args": {"s": 1}}]}, "seed_argument='s' is an argument"),
        ({"seed_argument": "s", "extra_cmd_args": {"s": 1}}, "extra_cmd_args sets 's', which is to hold the seed"),
        ({"seed_variable": "S", "env": {"S": "1"}}, "env sets 'S', which is to hold the seed"),
    ],
)
def test_what_cannot_be_meant_is_refused(fields: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        LocalJobConfig(**fields)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"max_repairs": 2}, "less than or equal to 1"),
        ({"repair_after": ["crashes"]}, "'crash', 'timeout' or 'incorrect'"),
        ({"repair_after": []}, "at least 1 item"),
        ({"exact_duplicates": "ignore"}, "'refuse', 'reuse' or 'evaluate'"),
    ],
)
def test_so_is_it_for_repairs_and_duplicates(fields: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        EvolutionConfig(**fields)


def test_a_key_among_the_arguments_of_a_stage_is_refused() -> None:
    stage = {"name": "a", "args": {"api_key": "sk-" + "a1B2" * 10}}
    with pytest.raises(ConfigError, match="holds a key or password as 'api_key'"):
        check_job(LocalJobConfig(stages=[stage]))  # type: ignore[list-item]


def test_settings_of_an_older_version_are_those_of_one_evaluation() -> None:
    job = LocalJobConfig(eval_program_path="evaluate.py")
    assert (job.stages, job.repeats, job.early_stop) == ([], 1, "none")
    assert (job.seed_argument, job.seed_variable, job.in_words) == (None, None, "")
    evolution = EvolutionConfig()
    assert (evolution.max_repairs, evolution.exact_duplicates) == (0, "auto")


def test_what_is_special_is_told_in_words() -> None:
    stages = [{"name": "quick", "repeats": 5}, {"name": "full"}]
    job = LocalJobConfig(stages=stages, repeats=9, early_stop="hybrid")  # type: ignore[arg-type]
    assert job.in_words == "in stages quick ×5 → full, up to 9 times, early stop hybrid against best"
