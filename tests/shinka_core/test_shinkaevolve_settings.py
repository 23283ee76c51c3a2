"""Every field of ShinkaEvolve's settings: what it becomes here, or what is said of it."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from shinka_core.bandit import bandit_of
from shinka_core.bandit.asymmetric_ucb import AsymmetricUCB
from shinka_core.config import DatabaseConfig, EvolutionConfig, InProcessJobConfig, LocalJobConfig, SlurmJobConfig
from shinka_core.config import shinkaevolve as words
from shinka_core.config.shinkaevolve_jobs import THREADS
from shinka_core.config.slurm_names import SlurmCondaJobConfig, SlurmDockerJobConfig, SlurmEnvJobConfig
from shinka_core.meta import guide_of
from shinka_core.population.settings import search_of

# Field, its value there, and what it sets here; a text is a part of the one warning, None is silence.
Row = tuple[str, dict[str, Any], dict[str, Any], str | None]
UCB = {"name": "asymmetric_ucb", "exploration": 2.0, "cost_power": 0.5}
RECOMMENDED = {"name": "recommendations", "every": 7}
WANDB = {"enable_wandb_logging": True}
EVOLVING = {"evolve_prompts": True}
PACED = {"enable_controlled_oversubscription": True}

EVOLUTION: list[Row] = [
    ("task_sys_msg", {"task_sys_msg": "Be good."}, {"task_sys_msg": "Be good."}, None),
    ("patch_types", {"patch_types": ["diff", "full", "cross"]}, {"patch_types": ["diff", "full", "cross"]}, None),
    ("patch_type_probs", {"patch_type_probs": [0.5, 0.4, 0.1]}, {"patch_type_probs": [0.5, 0.4, 0.1]}, None),
    ("num_generations", {"num_generations": 50}, {"num_generations": 50}, None),
    ("num_generations: None", {"num_generations": None, "max_api_costs": 1.0}, {"num_generations": words.NO_END}, None),
    ("max_patch_resamples", {"max_patch_resamples": 3}, {"max_patch_resamples": 3}, None),
    ("max_patch_attempts", {"max_patch_attempts": 1}, {"max_patch_attempts": 1}, None),
    ("job_type", {"job_type": "local"}, {}, None),
    ("job_type: slurm", {"job_type": "slurm_conda"}, {}, "job_type='slurm_conda' (the job's settings"),
    ("language", {"language": "python"}, {"language": "python"}, None),
    ("llm_models", {"llm_models": ["a", "b"]}, {"llm_models": ["a", "b"]}, None),
    ("llm_dynamic_selection", {"llm_dynamic_selection": "ucb"}, {"bandit": "asymmetric_ucb"}, None),
    ("llm_dynamic_selection: ucb1", {"llm_dynamic_selection": "ucb1"}, {"bandit": "asymmetric_ucb"}, None),
    ("llm_dynamic_selection: thompson", {"llm_dynamic_selection": "thompson"}, {"bandit": "thompson"}, None),
    ("llm_dynamic_selection: fixed", {"llm_dynamic_selection": "fixed"}, {"bandit": "fixed"}, None),
    ("llm_dynamic_selection: None", {"llm_dynamic_selection": None}, {"bandit": "fixed"}, None),
    ("llm_dynamic_selection_kwargs",
     {"llm_dynamic_selection_kwargs": {"exploration_coef": 2.0, "cost_aware_coef": 0.5}}, {"bandit": UCB}, None),
    ("llm_dynamic_selection_kwargs: others", {"llm_dynamic_selection_kwargs": {"cost_ref_percentile": 50}},
     {"bandit": "asymmetric_ucb"}, "llm_dynamic_selection_kwargs.cost_ref_percentile"),
    ("llm_dynamic_selection_kwargs: prior_probs",
     {"llm_models": ["a", "b"], "llm_dynamic_selection": "fixed", "llm_dynamic_selection_kwargs": {"prior_probs": [0.3, 0.7]}},
     {"bandit": "fixed", "llm_weights": [0.3, 0.7]}, None),
    ("llm_kwargs", {"llm_kwargs": {"max_tokens": 16384}}, {"llm_kwargs": {"max_tokens": 16384}}, None),
    ("meta_rec_interval", {"meta_rec_interval": 7, "meta_llm_models": ["a"]},
     {"advice": RECOMMENDED, "llm_roles": {"advice": ["a"]}}, None),
    ("meta_rec_interval: None", {"meta_rec_interval": None, "meta_llm_models": ["a"]}, {"advice": None, "llm_roles": {}}, None),
    ("meta_llm_models", {"meta_llm_models": ["a"]},
     {"advice": {"name": "recommendations", "every": 10}, "llm_roles": {"advice": ["a"]}}, None),
    ("meta_max_recommendations", {"meta_rec_interval": 7, "meta_llm_models": ["a"], "meta_max_recommendations": 4},
     {"advice": RECOMMENDED | {"most": 4}}, None),
    ("sample_single_meta_rec", {"meta_rec_interval": 7, "meta_llm_models": ["a"], "sample_single_meta_rec": False},
     {"advice": {"name": "advice", "every": 7}}, None),
    ("embedding_model", {"embedding_model": "text-embedding-3-small"}, {"embedding_model": "text-embedding-3-small"}, None),
    ("init_program_path", {"init_program_path": "initial.py"}, {"init_program_path": "initial.py"}, None),
    ("init_program_path: None", {"init_program_path": None}, {"init_program_path": "initial.py"}, None),
    ("results_dir", {"results_dir": "results/a"}, {"results_dir": "results/a"}, None),
    ("enable_wandb_logging", WANDB, {"trackers": [{"name": "wandb"}]}, None),
    ("enable_wandb_logging: off", {"enable_wandb_logging": False, "wandb_project": "p", "wandb_notes": "n"}, {"trackers": []}, None),
    ("wandb_project", WANDB | {"wandb_project": "p"}, {"trackers": [{"name": "wandb", "project": "p"}]}, None),
    ("wandb_entity", WANDB | {"wandb_entity": "e"}, {"trackers": [{"name": "wandb", "entity": "e"}]}, None),
    ("wandb_group", WANDB | {"wandb_group": "g"}, {"trackers": [{"name": "wandb", "group": "g"}]}, None),
    ("wandb_mode", WANDB | {"wandb_mode": "offline"}, {"trackers": [{"name": "wandb", "mode": "offline"}]}, None),
    ("wandb_mode: disabled", WANDB | {"wandb_mode": "disabled"}, {"trackers": []}, None),
    ("wandb_name", WANDB | {"wandb_name": "n"}, {"trackers": [{"name": "wandb"}]}, "wandb_name"),
    ("wandb_tags", WANDB | {"wandb_tags": ["t"]}, {}, "wandb_tags"),
    ("wandb_notes", WANDB | {"wandb_notes": "n"}, {}, "wandb_notes"),
    ("wandb_dir", WANDB | {"wandb_dir": "d"}, {}, "wandb_dir"),
    ("wandb_run_id", WANDB | {"wandb_run_id": "r"}, {}, "wandb_run_id"),
    ("wandb_resume", WANDB | {"wandb_resume": "never"}, {}, "wandb_resume"),
    ("wandb_config", WANDB | {"wandb_config": {"a": 1}}, {}, "wandb_config"),
    ("max_novelty_attempts", {"max_novelty_attempts": 3}, {"max_novelty_attempts": 3}, None),
    ("code_embed_sim_threshold", {"code_embed_sim_threshold": 0.99}, {"code_embed_sim_threshold": 0.99}, None),
    ("novelty_llm_models", {"novelty_llm_models": ["a"]}, {"novelty_llm_models": ["a"]}, None),
    ("novelty_llm_models: None", {"novelty_llm_models": None}, {"novelty_llm_models": []}, None),
    ("use_text_feedback", {"use_text_feedback": False}, {"use_text_feedback": False}, None),
    ("max_api_costs", {"max_api_costs": 2.0}, {"max_api_costs": 2.0}, None),
    ("inspiration_sort_order", {"inspiration_sort_order": "ascending"}, {}, None),
    ("inspiration_sort_order: other", {"inspiration_sort_order": "chronological"}, {}, "inspiration_sort_order"),
    ("enable_controlled_oversubscription", PACED, {"max_oversubscription": 2.0}, None),
    ("enable_controlled_oversubscription: off",
     {"enable_controlled_oversubscription": False, "proposal_buffer_max": 6}, {"max_oversubscription": 1.0}, None),
    ("proposal_target_ratio_cap", PACED | {"proposal_target_ratio_cap": 1.75}, {"max_oversubscription": 1.75}, None),
    *((name, PACED | {name: value}, {}, name) for name, value in (
        ("proposal_target_mode", "adaptive"), ("proposal_target_min_samples", 5), ("proposal_buffer_max", 2),
        ("proposal_target_hard_cap", 26), ("proposal_target_ewma_alpha", 0.3),
    )),
    ("evolve_prompts", EVOLVING, {"system_prompts": {}}, None),
    ("evolve_prompts: off", {"evolve_prompts": False, "prompt_archive_size": 5, "prompt_epsilon": 0.1}, {"system_prompts": None}, None),
    ("prompt_evolution_interval", EVOLVING | {"prompt_evolution_interval": 9}, {"system_prompts": {"every": 9}}, None),
    ("prompt_archive_size", EVOLVING | {"prompt_archive_size": 5}, {"system_prompts": {"archive": 5}}, None),
    ("prompt_ucb_exploration_constant", EVOLVING | {"prompt_ucb_exploration_constant": 2.0},
     {"system_prompts": {"exploration": 2.0}}, None),
    ("prompt_llm_models", EVOLVING | {"prompt_llm_models": ["a"]}, {"llm_roles": {"system_prompts": ["a"]}}, None),
    *((name, EVOLVING | {name: value}, {}, name) for name, value in (
        ("prompt_patch_types", ["diff"]), ("prompt_patch_type_probs", [1.0]), ("prompt_epsilon", 0.1),
        ("prompt_evo_top_k_programs", 3), ("prompt_percentile_recompute_interval", 20),
    )),
]  # fmt: skip
OPTIONS = ("meta_llm_kwargs", "novelty_llm_kwargs", "prompt_llm_kwargs")

DATABASE: list[Row] = [
    *((name, {name: value}, {name: value}, None) for name, value in (
        ("db_path", "programs.sqlite"), ("num_islands", 2), ("archive_size", 40), ("elite_selection_ratio", 0.3),
        ("num_archive_inspirations", 1), ("num_top_k_inspirations", 1), ("migration_interval", 10),
        ("migration_rate", 0.1), ("island_elitism", True), ("enforce_island_separation", True),
        ("exploitation_alpha", 1.0), ("exploitation_ratio", 0.2), ("parent_selection_lambda", 10.0),
    )),
    *((f"island_selection_strategy: {name}", {"island_selection_strategy": name}, {"island_selection_strategy": name}, None)
      for name in ("uniform", "equal", "proportional", "weighted")),
    *((f"parent_selection_strategy: {name}", {"parent_selection_strategy": name}, {"parent_selection_strategy": name}, None)
      for name in ("weighted", "power_law", "beam_search")),
    ("max_stdout_log_chars", {"max_stdout_log_chars": 100}, {}, "max_stdout_log_chars"),
    ("enable_dynamic_islands", {"enable_dynamic_islands": True}, {"stagnation_threshold": 100}, None),
    ("stagnation_threshold", {"enable_dynamic_islands": True, "stagnation_threshold": 30}, {"stagnation_threshold": 30}, None),
    ("enable_dynamic_islands: off", {"enable_dynamic_islands": False, "stagnation_threshold": 10, "island_spawn_strategy": "best"},
     {"stagnation_threshold": None}, None),
    *((f"island_spawn_strategy: {there}", {"enable_dynamic_islands": True, "island_spawn_strategy": there}, {"island_origin": here}, None)
      for there, here in (("initial", "initial"), ("best", "best"), ("archive_random", "archive"))),
    ("island_spawn_subtree_size", {"enable_dynamic_islands": True, "island_spawn_subtree_size": 2}, {}, "island_spawn_subtree_size"),
    ("num_beams", {"parent_selection_strategy": "beam_search", "num_beams": 3},
     {"parent_selection_strategy": {"name": "beam_search", "beams": 3}}, None),
    ("num_beams: no beam search", {"parent_selection_strategy": "weighted", "num_beams": 3}, {"parent_selection_strategy": "weighted"}, None),
    ("archive_selection_strategy", {"archive_selection_strategy": "crowding"}, {"archive_strategy": "crowding"}, None),
    ("archive_criteria", {"archive_criteria": {"combined_score": 1.0}}, {"archive_strategy": "fitness"}, None),
    ("archive_criteria: others", {"archive_criteria": {"combined_score": 1.0, "loc": -0.3, "complexity": 0}},
     {"archive_strategy": {"name": "criteria", "weights": {"score": 1.0, "lines": -0.3}, "rival": "worst"}}, None),
    ("archive_criteria: the smaller the better", {"archive_criteria": {"combined_score": -1.0}},
     {"archive_strategy": {"name": "criteria", "weights": {"score": -1.0}, "rival": "worst"}}, None),
    ("archive_criteria: crowding", {"archive_criteria": {"complexity": -1.0}, "archive_selection_strategy": "crowding"},
     {"archive_strategy": {"name": "criteria", "weights": {"complexity": -1.0}, "rival": "similar"}}, None),
]  # fmt: skip

THREADED = dict.fromkeys(THREADS, "2")
SLURM: list[Row] = [
    ("partition", {"partition": "gpu"}, {"partition": "gpu"}, None),
    ("mem", {"mem": "8G"}, {"memory": "8G"}, None),
    (
        "docker_flags",
        {"docker_flags": "-v 'my data:/data' --rm"},
        {"image_options": ["-v", "my data:/data", "--rm"], "image_engine": "docker"},
        None,
    ),
    ("time with days", {"time": "1-12:30"}, {"time_limit": 131_400.0}, None),
    ("activate_script with a blank", {"activate_script": "my env/a.sh"}, {"setup": ["source 'my env/a.sh'"]}, None),
    ("image_tar_path", {"image_tar_path": "a.tar"}, {"setup": ["docker load --input a.tar"]}, None),
    ("activate_script", {"activate_script": "a.sh"}, {"setup": ["source a.sh"]}, None),
    ("conda_env", {"conda_env": ""}, {"conda_env": None}, None),
    ("modules", {"modules": None}, {"modules": []}, None),
    ("numeric_threads_per_job", {"numeric_threads_per_job": 2}, {"env": THREADED}, None),
]
JOB: list[Row] = [
    ("eval_program_path", {"eval_program_path": "e.py"}, {"eval_program_path": "e.py"}, None),
    ("eval_program_path: None", {"eval_program_path": None}, {"eval_program_path": "evaluate.py"}, None),
    ("extra_cmd_args", {"extra_cmd_args": {"n": 1}}, {"extra_cmd_args": {"n": 1}}, None),
    ("time", {"time": "00:05:00"}, {"time_limit": 300.0}, None),
    ("eval_verbose", {"eval_verbose": True}, {"env": {"SHINKA_EVAL_VERBOSE": "1"}}, None),
    ("eval_verbose: off", {"eval_verbose": False}, {"env": {"SHINKA_EVAL_VERBOSE": "0"}}, None),
    (
        "numeric_threads_per_job",
        {"numeric_threads_per_job": 2, "env": {"A": "b"}},
        {"env": {**THREADED, "A": "b"}},
        None,
    ),
    ("python_executable", {"python_executable": "/usr/bin/python3"}, {"python": "/usr/bin/python3"}, None),
    ("conda_env, activate_script: None", {"conda_env": None, "activate_script": None}, {"python": None}, None),
]


def plain(value: Any) -> Any:
    return value.model_dump(exclude_unset=True) if isinstance(value, BaseModel) else value


def taken(kind: type[BaseModel], row: Row, caplog: pytest.LogCaptureFixture) -> BaseModel:
    _, given, becomes, told = row
    with caplog.at_level(logging.WARNING, logger="shinka.config"):
        made = kind.model_validate(given)
    assert {name: plain(getattr(made, name)) for name in becomes} == becomes
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == (told is not None), messages
    assert told is None or told in messages[0]
    assert type(made).model_validate(made.model_dump()) == made, "it is in our words"
    return made


@pytest.mark.parametrize("row", EVOLUTION, ids=lambda row: row[0])
def test_each_field_of_an_evolution(row: Row, caplog: pytest.LogCaptureFixture) -> None:
    made = taken(EvolutionConfig, row, caplog)
    assert isinstance(made, EvolutionConfig)
    bandit_of(made)
    guide_of(made.model_copy(update={"llm_models": ["m"]}))


@pytest.mark.parametrize("row", DATABASE, ids=lambda row: row[0])
def test_each_field_of_a_database(row: Row, caplog: pytest.LogCaptureFixture) -> None:
    made = taken(DatabaseConfig, row, caplog)
    assert isinstance(made, DatabaseConfig)
    search_of(made)


@pytest.mark.parametrize("row", JOB, ids=lambda row: row[0])
def test_each_field_of_a_job(row: Row, caplog: pytest.LogCaptureFixture) -> None:
    taken(LocalJobConfig, row, caplog)


@pytest.mark.parametrize("row", SLURM, ids=lambda row: row[0])
def test_each_field_of_a_job_of_slurm(row: Row, caplog: pytest.LogCaptureFixture) -> None:
    taken(SlurmJobConfig, row, caplog)


@pytest.mark.parametrize("kind", [SlurmCondaJobConfig, SlurmDockerJobConfig, SlurmEnvJobConfig])
def test_its_classes_of_jobs_take_what_every_job_takes(kind: type[SlurmJobConfig]) -> None:
    made = kind.model_validate({"eval_verbose": False, "numeric_threads_per_job": 2, "mem": "4G"})
    assert made.env == THREADED | {"SHINKA_EVAL_VERBOSE": "0"}
    assert (made.memory, made.gpus, made.time) == ("4G", 1, "01:00:00")


def test_no_field_was_forgotten() -> None:
    for names, rows in ((words.EVOLUTION, EVOLUTION), (words.DATABASE, DATABASE)):
        assert set(names) - set(OPTIONS) <= {row[0].partition(":")[0] for row in rows}
    assert len({row[0].partition(":")[0] for row in EVOLUTION} | set(OPTIONS)) == 57
    assert len({row[0].partition(":")[0] for row in DATABASE}) == 23


@pytest.mark.parametrize("name", OPTIONS)
def test_options_of_other_models_are_taken(name: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="shinka.config"):
        EvolutionConfig.model_validate({name: {"max_tokens": 16384}})
        EvolutionConfig.model_validate({name: {}})
    assert len(caplog.records) == (name not in EvolutionConfig.model_fields)


def test_all_that_has_no_effect_is_said_at_once(caplog: pytest.LogCaptureFixture) -> None:
    EvolutionConfig.model_validate(
        EVOLVING | {"prompt_epsilon": 0.1, "inspiration_sort_order": "none", "job_type": "slurm_env"}
    )
    [record] = caplog.records
    assert all(name in record.getMessage() for name in ("prompt_epsilon", "inspiration_sort_order", "job_type"))


def test_all_that_is_unknown_is_named_at_once_with_the_nearest_names() -> None:
    with pytest.raises(ValidationError) as told:
        EvolutionConfig(num_generation=3, early_stopping_patience=5, llm_dynamic_selection="best", patiense=3)
    text = str(told.value)
    for part in ("'num_generation'; did you mean 'num_generations'?", "'early_stopping_patience'; say patience",
                 "llm_dynamic_selection='best' is no selection", "'patiense'; did you mean 'patience'?"):  # fmt: skip
        assert part in text


def test_what_is_said_twice_and_differently_is_refused() -> None:
    with pytest.raises(ValidationError, match="llm_dynamic_selection and bandit say the same thing twice"):
        EvolutionConfig(llm_dynamic_selection="ucb", bandit="fixed")


@pytest.mark.parametrize(("given", "word"), [
    ({"job_type": "cloud"}, "job_type='cloud' is none of local, slurm_docker"),
    ({"llm_dynamic_selection": "luck"}, "say one of fixed, ucb, ucb1, thompson"),
])  # fmt: skip
def test_what_cannot_be_honoured_is_refused(given: dict[str, Any], word: str) -> None:
    with pytest.raises(ValidationError, match=word):
        EvolutionConfig(**given)


def test_a_bandit_is_given_as_an_object() -> None:
    made = EvolutionConfig(llm_dynamic_selection=AsymmetricUCB(exploration=3.0))
    found = bandit_of(made)
    assert isinstance(found, AsymmetricUCB)
    assert found.exploration == 3.0


def test_an_environment_is_its_interpreter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("conda/envs/mine/bin", "venv/bin"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "python").write_text("")
    (tmp_path / "venv/bin/activate").write_text("")
    monkeypatch.setenv("CONDA_EXE", str(tmp_path / "conda/bin/conda"))
    assert LocalJobConfig(conda_env="mine").python == str(tmp_path / "conda/envs/mine/bin/python")
    assert LocalJobConfig(conda_env=str(tmp_path / "conda/envs/mine")).python == str(
        tmp_path / "conda/envs/mine/bin/python"
    )
    assert LocalJobConfig(activate_script=str(tmp_path / "venv/bin/activate")).python == str(
        tmp_path / "venv/bin/python"
    )
    for given, word in (({"conda_env": "nowhere_at_all"}, "say python"), ({"activate_script": "a.sh"}, "say python"),
                        ({"conda_env": "mine", "activate_script": "a.sh"}, "leave one of them out")):  # fmt: skip
        with pytest.raises(ValidationError, match=word):
            LocalJobConfig(**given)


def test_a_call_in_this_process_takes_what_means_nothing_for_it(caplog: pytest.LogCaptureFixture) -> None:
    InProcessJobConfig(eval_verbose=True, numeric_threads_per_job=2, python_executable="python3")
    assert "numeric_threads_per_job, python_executable" in caplog.records[0].getMessage()


WRONG: list[tuple[type[BaseModel], dict[str, Any], tuple[str, ...]]] = [
    (EvolutionConfig, {"meta_rec_interval": "ten", "llm_dynamic_selection_kwargs": [1], "evolve_prompts": "perhaps"},
     ("meta_rec_interval='ten' should be a valid integer", "llm_dynamic_selection_kwargs=[1]", "evolve_prompts='perhaps'")),
    (EvolutionConfig, {"meta_rec_interval": -1}, ("meta_rec_interval=-1 should be greater",)),
    (EvolutionConfig, {"max_proposal_jobs": 2, "max_db_workers": 1, "foo": 1, "bar": 2},
     ("--max-proposal-jobs", "'max_db_workers'; leave it out", "has no field 'foo', 'bar'; known: ")),
    (DatabaseConfig, {"archive_criteria": {"combined_score": "high"}, "archive_selection_strategy": "luck", "num_beams": 0},
     ("archive_criteria={'combined_score': 'high'}", "'fitness' or 'crowding'", "num_beams=0")),
    (LocalJobConfig, {"cpus": 2, "mem": "8G", "image": "a"}, ("'cpus'; jobs of Slurm", "'mem'; jobs", "'image'; jobs")),
    (LocalJobConfig, {"numeric_threads_per_job": 0, "eval_verbose": "loud"}, ("numeric_threads_per_job=0", "eval_verbose='loud'")),
    (SlurmCondaJobConfig, {"conda_env": "a", "activate_script": "b.sh"}, ("leave one of them out",)),
    (SlurmDockerJobConfig, {"docker_flags": "-v 'a"}, ("no words of a shell",)),
    (LocalJobConfig, {"time": "1-"}, ("neither seconds",)),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "given", "words"), WRONG)
def test_values_of_its_fields_are_checked_as_ours_are_and_all_that_is_wrong_is_said(
    kind: type[BaseModel], given: dict[str, Any], words: tuple[str, ...]
) -> None:
    with pytest.raises(ValidationError) as told:
        kind.model_validate(given)
    for word in words:
        assert word in str(told.value)


def test_a_word_for_no_is_no() -> None:
    assert EvolutionConfig.model_validate({"evolve_prompts": "no"}).system_prompts is None
    assert DatabaseConfig.model_validate({"enable_dynamic_islands": "false"}).stagnation_threshold is None
