"""What a flow is given as parameters, over the settings file of the task folder, over defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flows.orchestrator.form import touched
from flows.task_settings import Given, with_file_of
from shinka_core.config import DaskJobConfig, DatabaseConfig, EvolutionConfig, LocalJobConfig
from shinka_core.errors import ConfigError

FILE = """
evolution:
  num_generations: 40
  task_sys_msg: Pack circles.
  llm_models: [a, b]
  llm_weights: [1, 2]
  ideas: {count: 5, tries: 1}
  warm_start: {runs: [../earlier]}
job:
  time: 60
  isolation: limits
database:
  num_islands: 2
max_proposal_jobs: 3
"""


@pytest.fixture
def task(tmp_path: Path) -> Path:
    folder = tmp_path / "task"
    folder.mkdir()
    (folder / "initial.py").write_text("x = 1\n")
    (folder / "evaluate.py").write_text("")
    (folder / "evolve.yaml").write_text(FILE)
    return folder


def given(evolve: dict[str, Any] | None = None, job: Any = None, **widths: int) -> Given:
    return Given(EvolutionConfig(**evolve or {}), job or LocalJobConfig(), DatabaseConfig(), **widths)


def test_a_task_folder_is_all_that_is_needed(task: Path) -> None:
    found = with_file_of(given(), str(task))
    assert found.evolve.init_program_path == str(task / "initial.py")
    assert found.job.eval_program_path == str(task / "evaluate.py")
    assert (found.evolve.num_generations, found.evolve.task_sys_msg) == (40, "Pack circles.")
    assert (found.job.time, found.database.num_islands, found.max_proposal_jobs) == (60, 2, 3)
    assert found.evolve.warm_start.runs == [str(task / "../earlier")]
    assert found.task is not None
    assert found.task.file == str(task / "evolve.yaml"), "so that a resume in a shell finds it"


def test_what_is_given_counts_over_the_file_inside_of_parts_too(task: Path) -> None:
    found = with_file_of(
        given({"num_generations": 10, "ideas": {"count": 2}, "llm_models": ["c"]}, LocalJobConfig(time=5),
              max_proposal_jobs=7), str(task),
    )  # fmt: skip
    assert (found.evolve.num_generations, found.max_proposal_jobs) == (10, 7)
    assert found.evolve.ideas is not None
    assert (found.evolve.ideas.count, found.evolve.ideas.tries) == (2, 1)
    assert (found.evolve.llm_models, found.evolve.llm_weights) == (["c"], None), "weights belong to their models"
    assert isinstance(found.job, LocalJobConfig)
    assert (found.job.time, found.job.isolation) == (5, "limits")


def test_evaluations_of_another_kind_keep_what_that_kind_has_too(task: Path) -> None:
    found = with_file_of(given(job=DaskJobConfig(workers=2)), str(task))
    assert isinstance(found.job, DaskJobConfig)
    assert (found.job.workers, found.job.time, found.job.isolation) == (2, 60, "limits")


def test_mistakes_are_told_as_in_a_shell(task: Path) -> None:
    with pytest.raises(ConfigError, match="task folder 'nowhere' does not exist"):
        with_file_of(given(), "nowhere")
    (task / "evolve.yaml").write_text("evolution: {num_generation: 3}")
    with pytest.raises(ConfigError, match="did you mean 'num_generations'"):
        with_file_of(given(), str(task))
    (task / "evolve.yaml").write_text("evolutoin: {}")
    with pytest.raises(ConfigError, match="did you mean 'evolution'"):
        with_file_of(given(), str(task))
    (task / "evolve.yaml").unlink()
    (task / "initial.py").unlink()
    with pytest.raises(ConfigError, match="initial"):
        with_file_of(given(), str(task))


def whole(**changed: Any) -> EvolutionConfig:
    """As the form of the UI sends it: every field, whether somebody touched it or not."""
    return EvolutionConfig(**EvolutionConfig().model_dump() | changed)


def test_what_the_form_sends_untouched_says_nothing() -> None:
    assert touched(whole(), None).model_fields_set == set()
    assert touched(whole(num_generations=20), {}).model_fields_set == {"num_generations"}
    # Shown with what the deployment says, and put back to the default by hand.
    assert touched(whole(), {"num_generations": 100}).model_fields_set == {"num_generations"}
    ideas = {"window": 10, "threshold": 0.12, "count": 7, "tries": 2}
    part = touched(whole(ideas=ideas), None)
    assert part.ideas is not None
    assert part.ideas.model_fields_set == {"count"}


def test_what_a_command_names_is_said_whatever_it_is() -> None:
    said = EvolutionConfig(num_generations=10)
    assert touched(said, None) is said


def test_the_form_over_the_file(task: Path) -> None:
    found = with_file_of(Given(touched(whole(seed=3), None), LocalJobConfig(), DatabaseConfig()), str(task))
    assert (found.evolve.num_generations, found.evolve.seed, found.evolve.task_sys_msg) == (40, 3, "Pack circles.")
