"""The command line in ShinkaEvolve's spelling, `--set`, and its settings files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flows.terminal.said_fields import with_said
from flows.terminal.settings_file import read_settings
from flows.terminal.task_folder import Overrides, plan_run
from flows.terminal.their_options import in_our_options
from shinka_core.config import SlurmJobConfig, job_of
from shinka_core.errors import ConfigError
from tests.support.runs import command


def settings(folder: Path, text: str) -> dict[str, Any]:
    (folder / "shinka.yaml").write_text(text)
    return read_settings(folder / "shinka.yaml", required=True)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("--task-dir t --results_dir r --num_generations 3", "t --results r --generations 3"),
        ("--task-dir=t --results_dir=r --num_generations=3", "t --results=r --generations=3"),
        ("--config-fname shinka.yaml --task-dir t", "t --config t/shinka.yaml"),
        ("--task-dir t --config-fname /a/shinka.yaml", "t --config /a/shinka.yaml"),
        ("--task-dir t --verbose --debug", "t"),
        ("--task-dir t --no-verbose", "t --quiet"),
        ("t --set evo.seed=3 --max-proposal-jobs 2", "t --set evo.seed=3 --max-proposal-jobs 2"),
        ("t --results r -- --task-dir", "t --results r -- --task-dir"),
    ],
)
def test_its_options_are_ours(theirs: str, ours: str) -> None:
    assert in_our_options(theirs.split()) == ours.split()


def test_what_means_nothing_here_is_said_and_a_missing_value_refused(caplog: pytest.LogCaptureFixture) -> None:
    assert in_our_options(["t", "--max-db-workers", "4"]) == ["t"]
    assert "--max-db-workers" in caplog.text
    with pytest.raises(ConfigError, match="--task-dir has no value"):
        in_our_options(["--task-dir"])


def test_any_field_is_set_over_the_file_in_either_s_words() -> None:
    file = {"evolution": {"num_generations": 5, "llm_kwargs": {"temperature": 0.5}}}
    said = [
        "evo.num_generations=7", "evolution.llm_kwargs.max_tokens=100", "db_config.num_islands=2", "job.time='00:01:00'",
        "evo.patch_types=[diff, full]", "evo.meta_rec_interval=null", "database.enable_dynamic_islands=true",
    ]  # fmt: skip
    assert with_said(file, said) == {
        "evolution": {
            "num_generations": 7, "llm_kwargs": {"temperature": 0.5, "max_tokens": 100}, "patch_types": ["diff", "full"],
            "advice": None,
        },
        "database": {"num_islands": 2, "stagnation_threshold": 100},
        "job": {"time": "00:01:00"},
    }  # fmt: skip
    assert file["evolution"]["num_generations"] == 5


def test_all_that_is_wrong_with_them_is_said_at_once_with_the_nearest() -> None:
    with pytest.raises(ConfigError) as told:
        with_said({}, ["evo.num_generation=3", "dab.x=1", "evolution.num_islands=2", "database"])
    for part in ("did you mean 'num_generations'?", "did you mean 'db'?", "it is in 'database'", "says nothing"):
        assert part in str(told.value)
    with pytest.raises(ConfigError, match="is no YAML"):
        with_said({}, ["evo.patch_types=[diff"])


@pytest.mark.parametrize("prefix", ["", "_config"])
def test_a_settings_file_of_shinkaevolve_is_read(tmp_path: Path, prefix: str, caplog: pytest.LogCaptureFixture) -> None:
    found = settings(
        tmp_path,
        f"max_evaluation_jobs: 5\nmax_proposal_jobs: 4\nmax_db_workers: 4\nverbose: true\ndebug: false\n"
        f"evo{prefix}: {{_target_: shinka.core.EvolutionConfig, num_generations: 3, job_type: local, evolve_prompts: true}}\n"
        f"db{prefix}: {{_target_: shinka.database.DatabaseConfig, archive_selection_strategy: crowding}}\n"
        f"job{prefix}: {{_target_: shinka.launch.LocalJobConfig, time: '00:05:00', numeric_threads_per_job: 1}}\n",
    )
    assert found["evolution"] == {"num_generations": 3, "system_prompts": {}}
    assert found["database"] == {"archive_strategy": "crowding"}
    assert found["job"]["env"]["OMP_NUM_THREADS"] == "1"
    assert (found["max_evaluation_jobs"], found["max_proposal_jobs"]) == (5, 4)
    assert set(found) == {"evolution", "database", "job", "max_evaluation_jobs", "max_proposal_jobs"}
    assert caplog.text == ""


@pytest.mark.parametrize(
    "text",
    [
        "evo_config: {job_type: slurm_conda}\njob_config: {conda_env: mine, gpus: 0}\n",
        "job_config: {_target_: shinka.launch.SlurmCondaJobConfig, conda_env: mine, gpus: 0}\n",
    ],
)
def test_its_kinds_of_jobs_are_kinds_of_ours(tmp_path: Path, text: str) -> None:
    job = job_of(settings(tmp_path, text)["job"])
    assert isinstance(job, SlurmJobConfig)
    assert (job.kind, job.conda_env, job.gpus, job.partition, job.memory) == ("slurm", "mine", 0, "gpu", "8G")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("evo: {}\nevo_config: {}\n", "the same section"),
        ("evolution: {}\nevo: {}\n", "the same section"),
        ("defaults: [a]\nhydra: {}\n", r"Hydra \(defaults, hydra\)"),
        ("evo_config: {results_dir: '${output_dir}'}\n", "evo_config.results_dir is '\\${output_dir}'"),
        ("evo_config: {init_program_path: '???'}\n", "a value that is missing"),
        ("evo_config: {llm_dynamic_selection: luck}\n", "say one of fixed, ucb"),
        ("llm: {}\n", "'evolution' here"),
        ("evo: {num_generation: 1, seeed: 2}\ndb: {num_iland: 3}\n", "'num_generations'.*'seed'.*'num_islands'"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        settings(tmp_path, text)


def test_a_task_in_words_may_hold_anything(tmp_path: Path) -> None:
    assert settings(tmp_path, "evo: {task_sys_msg: 'Sum ${x} ???'}\n")["evolution"]["task_sys_msg"] == "Sum ${x} ???"


def test_what_is_set_on_the_command_line_is_not_taken_for_what_the_file_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "initial.py").write_text("x = 1.0\n")
    (tmp_path / "evaluate.py").write_text("")
    (tmp_path / "evolve.yaml").write_text("database: {num_islands: 4}\n")
    with_it = plan_run(tmp_path, None, Overrides(said=["db.num_islands=2", "evo.patience=9"]))
    without = plan_run(tmp_path, None, Overrides())
    assert (with_it.database.num_islands, with_it.evolution.patience) == (2, 9)
    assert (without.database.num_islands, without.evolution.patience) == (4, None)
    assert with_it.settings.task is not None
    assert without.settings.task is not None
    assert with_it.settings.task.said == without.settings.task.said


def test_a_mistake_in_it_is_one_of_the_command(tmp_path: Path) -> None:
    done = command("--task-dir", str(tmp_path), "--set", "evo.num_generation=3")
    assert done.returncode == 2
    assert "did you mean 'num_generations'?" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("variant=circle_packing_example", ("(variant=circle_packing_example)", "TASK --config FILE --set")),
        ("task=a database=island_large evo_config.num_generations=20", ("(task=a, database=island_large)", "--set evo_config.num_generations=20")),
        ("folder ++db.num_islands=2 --quiet", ("name the task folder", "--set db.num_islands=2")),
        ("--config-dir mine variant=x", ("Hydra", "TASK")),
    ],
)  # fmt: skip
def test_commands_for_hydra_are_told_how_they_are_said_here(arguments: str, words: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError) as told:
        in_our_options(arguments.split())
    for word in words:
        assert word in str(told.value)


def test_what_only_looks_like_hydra_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "task=a").mkdir()
    for arguments in (["task=a"], ["t", "--set", "evo.seed=3"], ["t", "--description", "task=find it"]):
        assert in_our_options(arguments) == arguments


def test_texts_are_taken_as_they_stand_and_none_is_nothing() -> None:
    said = [
        "evo.task_sys_msg=Make it: better # [now]", "evo.results_dir=20250101_120000", "evo.language=no", "evo.embedding_model=None",
        "evo.max_api_costs=none", "evo.review=none", "evo.llm_kwargs.temperature=null", "evo.llm_dynamic_selection=None",
        "evo.enable_wandb_logging=yes", "evo.wandb_project=2025", "db.db_path='a b.sqlite'", "job.early_stop=none",
    ]  # fmt: skip
    assert with_said({}, said) == {
        "evolution": {
            "task_sys_msg": "Make it: better # [now]", "results_dir": "20250101_120000", "language": "no", "embedding_model": None,
            "max_api_costs": None, "review": "none", "llm_kwargs": {"temperature": None}, "bandit": "fixed",
            "trackers": [{"name": "wandb", "project": "2025"}],
        },
        "database": {"db_path": "a b.sqlite"},
        "job": {"early_stop": "none"},
    }  # fmt: skip


def test_what_belongs_to_no_section_is_told_where_it_is_said() -> None:
    with pytest.raises(ConfigError) as told:
        with_said(
            {},
            ["max_evaluation_jobs=3", "evo.max_proposal_jobs=2", "verbose=true", "job.cpus=2", "job.population_size=1"],
        )
    for word in ("say --max-evaluation-jobs", "an argument of the runner", "verbose means nothing here"):
        assert word in str(told.value)
    with pytest.raises(ConfigError, match="'cpus'; jobs of Slurm have it"):
        with_said({}, ["job.cpus=2"])
