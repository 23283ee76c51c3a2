"""Settings that are changed after they are made, as scripts for ShinkaEvolve do."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from pydantic import ValidationError

from shinka_core.config import DatabaseConfig, EvolutionConfig, LocalJobConfig
from shinka_core.config.slurm_names import SlurmCondaJobConfig


def theirs(**fields: Any) -> EvolutionConfig:
    return EvolutionConfig.model_validate(fields)


def assign(config: Any, **fields: Any) -> None:
    for name, value in fields.items():
        setattr(config, name, value)


def test_a_field_that_is_set_counts_as_given_and_is_checked() -> None:
    config = EvolutionConfig()
    config.num_generations = 5
    assert config == EvolutionConfig(num_generations=5)
    assert config.model_fields_set == {"num_generations"}
    for name, value, word in (
        ("num_generation", 3, "did you mean 'num_generations'"), ("num_generations", "x", "valid integer"),
        ("patch_types", ["diff"], "3 values for 1 patch_types"), ("_hidden", 1, "no field '_hidden'"),
    ):  # fmt: skip
        with pytest.raises(ValidationError, match=word):
            setattr(config, name, value)
    assert config == EvolutionConfig(num_generations=5)
    again = pickle.loads(pickle.dumps(config))
    again.seed = 3
    assert again == EvolutionConfig(num_generations=5, seed=3)


def test_its_names_can_be_set_and_the_last_word_counts() -> None:
    config = theirs(llm_models=["a", "b"], llm_dynamic_selection="ucb", meta_llm_models=["a"])
    assign(config, llm_dynamic_selection="thompson", meta_rec_interval=3)
    assert (config.bandit, config.advice) == ("thompson", {"name": "recommendations", "every": 3})
    assign(config, enable_wandb_logging=True, wandb_project="p")
    assert config.trackers == [{"name": "wandb", "project": "p"}]
    assert EvolutionConfig.model_validate(config.model_dump()) == config
    database = DatabaseConfig(num_islands=2)
    assign(database, enable_dynamic_islands=True)
    assert database.stagnation_threshold == 100
    assign(database, enable_dynamic_islands=False)
    assert database.stagnation_threshold is None


def test_a_copy_is_changed_and_the_first_is_not() -> None:
    config = theirs(llm_models=["a", "b"], llm_dynamic_selection="ucb", meta_llm_models=["a"], llm_roles={"fix": ["b"]})
    for other in (copy.deepcopy(config), config.model_copy(update={"seed": 7})):
        other.results_dir = "elsewhere"
        assign(other, llm_dynamic_selection="fixed", meta_llm_models=["b"])
        assert (other.bandit, other.llm_roles) == ("fixed", {"fix": ["b"], "advice": ["b"]})
        assert (config.bandit, config.results_dir) == ("asymmetric_ucb", None)
        assert config.llm_roles == {"fix": ["b"], "advice": ["a"]}
    assert other.seed == 7


def test_jobs_can_be_changed_too() -> None:
    job = LocalJobConfig(env={"A": "b"})
    job.time = "00:01:00"
    assign(job, numeric_threads_per_job=2)
    assert (job.time_limit, job.env["A"], job.env["OMP_NUM_THREADS"]) == (60.0, "b", "2")
    assign(job, numeric_threads_per_job=4)
    assert (job.env["A"], job.env["OMP_NUM_THREADS"]) == ("b", "4")
    slurm = SlurmCondaJobConfig()
    assign(slurm, mem="4G", gpus=0)
    assert (slurm.memory, slurm.gpus, slurm.partition) == ("4G", 0, "gpu")


def test_what_means_nothing_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    config = theirs(inspiration_sort_order="chronological")
    assign(config, num_generations=3, seed=2, wandb_project="p")
    assert len(caplog.records) == 1
    assign(config, inspiration_sort_order="none")
    assert len(caplog.records) == 2
