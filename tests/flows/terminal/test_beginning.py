"""What a run begins with, as a task folder, its settings file and the flags say it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flows.terminal.task_folder import Overrides, Plan, plan_run
from shinka_core.config import EvolutionConfig
from shinka_core.errors import ConfigError


def planned(folder: Path, settings: str = "", **overrides: object) -> Plan:
    (folder / "evaluate.py").write_text("")
    if settings:
        (folder / "evolve.yaml").write_text(settings)
    fields: dict[str, Any] = {"results": folder / "results"} | overrides
    return plan_run(folder, None, Overrides(**fields))


def programs(evolution: EvolutionConfig) -> list[str]:
    return [Path(path).name for path in (evolution.init_program_path, *evolution.more_init_programs)]


def test_the_folder_initials_holds_programs_beside_the_first_one(tmp_path: Path) -> None:
    several = tmp_path / "initials"
    several.mkdir()
    for name in ("b.py", "a.py", "c.py.bak", ".hidden.py"):
        (several / name).write_text("x = 1\n")
    assert programs(planned(tmp_path).evolution) == ["a.py", "b.py"]
    (tmp_path / "initial.py").write_text("x = 0\n")
    assert programs(planned(tmp_path, results=tmp_path / "r2").evolution) == ["initial.py", "a.py", "b.py"]


def test_a_folder_initial_is_one_program_as_ever(tmp_path: Path) -> None:
    (tmp_path / "initial").mkdir()
    (tmp_path / "initial" / "main.py").write_text("x = 1\n")
    (tmp_path / "initial" / "other.py").write_text("x = 1\n")
    assert programs(planned(tmp_path).evolution) == ["initial"]


def test_a_list_in_the_settings_file_is_taken_from_the_task_folder_and_flags_say_more(tmp_path: Path) -> None:
    settings = "evolution: {init_program_path: [a.py, b.py]}\n"
    evolution = planned(tmp_path, settings).evolution
    assert [evolution.init_program_path, *evolution.more_init_programs] == [
        str(tmp_path / "a.py"),
        str(tmp_path / "b.py"),
    ]
    flagged = planned(tmp_path, initial=Path("x.py"), more=[Path("y.py")], results=tmp_path / "r2")
    assert programs(flagged.evolution) == ["x.py", "y.py"]
    with pytest.raises(ConfigError, match=r"init_program_path=\[\] names no program"):
        planned(tmp_path, "evolution: {init_program_path: []}\n", results=tmp_path / "r3")


def test_without_a_program_a_model_writes_the_first_one_from_the_description(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"describe the task \(task\.md, --task\) and name a model"):
        planned(tmp_path)
    (tmp_path / "task.md").write_text("Define `value`.\n")
    with pytest.raises(ConfigError, match=r"there is no initial"):
        planned(tmp_path)  # nobody could write it
    plan = planned(tmp_path, models=["strong"], bootstrap=3)
    assert plan.evolution.bootstrap.from_task
    assert plan.evolution.bootstrap.count == 3
    assert plan.evolution.task_sys_msg == "Define `value`."
    assert programs(plan.evolution) == ["initial.py"]
    said = planned(tmp_path, models=["strong"], description="Another task.", results=tmp_path / "r2")
    assert said.evolution.task_sys_msg == "Another task."


def test_earlier_runs_of_the_settings_file_are_looked_for_from_the_task_folder(tmp_path: Path) -> None:
    (tmp_path / "initial.py").write_text("x = 1\n")
    settings = (
        "evolution: {warm_start: {runs: [old, 'postgresql://host/db:a'], count: 2}, bootstrap: {library: [lib]}}\n"
    )
    evolution = planned(tmp_path, settings).evolution
    assert evolution.warm_start.runs == [str(tmp_path / "old"), "postgresql://host/db:a"]
    assert evolution.bootstrap.library == [str(tmp_path / "lib")]
    flagged = planned(tmp_path, warm_start=["elsewhere:b"], results=tmp_path / "r2").evolution
    assert (flagged.warm_start.runs, flagged.warm_start.count) == (["elsewhere:b"], 2)
