"""From a task folder, a settings file and the command line to the settings of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flows.terminal.task_folder import Overrides, Plan, plan_run
from shinka_core.errors import ConfigError

FILE = """
evolution: {num_generations: 7, llm_models: [a, b], llm_weights: [1.0, 3.0], seed: 3}
job: {time: 60}
database: {num_islands: 4}
max_proposal_jobs: 5
"""


@pytest.fixture
def task(tmp_path: Path) -> Path:
    folder = tmp_path / "my_task"
    folder.mkdir()
    (folder / "initial.py").write_text("x = 1\n")
    (folder / "evaluate.py").write_text("")
    return folder


def planned(task: Path | None, *, config: Path | None = None, **overrides: Any) -> Plan:
    return plan_run(task, config, Overrides(**overrides))


def test_without_a_file_the_defaults_hold(task: Path) -> None:
    plan = planned(task)
    assert Path(plan.evolution.init_program_path) == (task / "initial.py").resolve()
    assert Path(plan.job.eval_program_path) == (task / "evaluate.py").resolve()
    assert plan.max_proposal_jobs == 10
    assert plan.max_evaluation_jobs == plan.evolution.max_parallel_jobs


def test_the_command_line_wins_over_the_file_and_the_file_over_the_defaults(task: Path) -> None:
    (task / "evolve.yaml").write_text(FILE)
    plan = planned(task, generations=9, max_proposal_jobs=6)
    assert (plan.evolution.num_generations, plan.evolution.seed) == (9, 3)
    assert (plan.max_proposal_jobs, plan.database.num_islands, plan.job.time_limit) == (6, 4, 60)
    assert (plan.evolution.llm_models, plan.evolution.llm_weights) == (["a", "b"], [1.0, 3.0])


def test_models_of_the_command_line_do_not_take_on_the_weights_of_the_files(task: Path) -> None:
    (task / "evolve.yaml").write_text(FILE)
    plan = planned(task, models=["c", "d", "e"])
    assert (plan.evolution.llm_models, plan.evolution.llm_weights) == (["c", "d", "e"], None)


def test_another_settings_file_takes_the_place_of_the_folders(task: Path, tmp_path: Path) -> None:
    (task / "evolve.yaml").write_text(FILE)
    (tmp_path / "other.yaml").write_text("evolution: {num_generations: 2}\n")
    plan = planned(task, config=tmp_path / "other.yaml")
    assert (plan.evolution.num_generations, plan.database.num_islands) == (2, 4)


def test_the_seed_program_may_be_of_any_known_language_but_there_is_one(task: Path) -> None:
    (task / "initial.cpp").write_text("int a;\n")
    with pytest.raises(ConfigError, match=r"initial\.cpp, initial\.py.*--initial"):
        planned(task)
    assert planned(task, initial=task / "initial.cpp").evolution.init_program_path.endswith("initial.cpp")
    for path in task.glob("initial.*"):
        path.unlink()
    with pytest.raises(ConfigError, match="--initial"):
        planned(task)
