"""However a run ends, its best program and its summary are on disk, and its evolution is not left as running."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

import flows.evolve
from flows.evolve import evolve
from flows.finish import finish
from shinka_core.config import EvolutionConfig, LocalJobConfig
from shinka_core.control import RunControl
from shinka_core.errors import DatabaseError, DatabaseUnavailableError, LaunchError, one_error
from shinka_core.run import Run
from tests.support.runs import TASK, flow_runs

JOBS = LocalJobConfig(eval_program_path=str(TASK / "evaluate.py"), isolation="limits")


def settings(folder: Path) -> EvolutionConfig:
    return EvolutionConfig(
        init_program_path=str(TASK / "initial.py"), num_generations=2, results_dir=str(folder), embedding_model=None
    )


def state(folder: Path) -> str:
    with sqlite3.connect(folder / "evolution.sqlite") as connection:
        return connection.execute("SELECT state FROM evolutions").fetchone()[0]


def summary(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "summary.json").read_text())


def breaking_off(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    usual = flows.evolve.drive

    async def drive(run: Run) -> str:
        await usual(run)
        raise error

    monkeypatch.setattr(flows.evolve, "drive", drive)


async def test_a_run_that_breaks_off_leaves_its_results_and_says_what_broke(
    tmp_path: Path, prefect_api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = ExceptionGroup("lanes", [ZeroDivisionError("deep"), ExceptionGroup("inner", [LaunchError("no processes")])])
    breaking_off(monkeypatch, group)
    with temporary_settings({PREFECT_API_URL: prefect_api}), pytest.raises(LaunchError, match="no processes"):
        await evolve(settings(tmp_path / "r"), JOBS, name="broken-off")
    assert summary(tmp_path / "r")["stopped_early"] == "no processes"
    assert summary(tmp_path / "r")["programs"] == 3
    assert (tmp_path / "r/best/main.py").exists()
    assert state(tmp_path / "r") == "stopped"
    (shown,) = flow_runs(prefect_api, name={"any_": ["broken-off"]})
    assert shown["state"]["type"] == "FAILED"


class Parts:
    """An open run of which only what `finish` asks for is there."""

    def __init__(self, folder: Path, **faults: Exception) -> None:
        folder.mkdir(exist_ok=True)
        self.evolution, self.settings, self.progress, self.database = "e", self, self, self
        self.results_dir, self.faults, self.stored, self.lost = folder, faults, "", None
        self.seconds_before, self.last_error, self.control = 1.0, "", RunControl()
        self.seconds, self.finished, self.correct, self.cost = 5.0, 3, 2, 0.5
        self.best_score, self.best_generation, self.seed_score = 2.0, 1, 1.0
        self.failures = Counter({"patch: syntax_error": 1})

    async def summary(self) -> Any:
        raise self.faults["summary"]

    async def finish(self, stored: str) -> None:
        if "finish" in self.faults:
            raise self.faults["finish"]
        self.stored = stored


async def test_without_its_database_a_run_ends_with_what_its_process_knows(tmp_path: Path) -> None:
    gone = DatabaseUnavailableError("it is gone")
    run: Any = Parts(tmp_path / "r", summary=gone, finish=gone)
    told = await finish(run, "")
    assert "the database could not be read (it is gone)" in told.stopped_early
    assert "the end could not be stored" in told.stopped_early
    written = summary(tmp_path / "r")
    assert (written["programs"], written["best_score"], written["cost"]) == (3, 2.0, 0.5)
    assert written["failures"] == {"patch: syntax_error": 1}


async def test_without_room_on_the_disk_the_end_is_stored_and_told_all_the_same(tmp_path: Path) -> None:
    run: Any = Parts(tmp_path / "r", summary=DatabaseError("damaged"))
    (tmp_path / "r" / "summary.json").mkdir()  # nothing can be written there
    told = await finish(run, "interrupted")
    assert told.stopped_early.startswith("interrupted; the database could not be read (damaged)")
    assert "summary.json could not be written" in told.stopped_early
    assert run.stored == "stopped"


def test_of_a_group_of_errors_the_one_that_was_raised_on_purpose_is_told() -> None:
    with pytest.raises(LaunchError), one_error():
        raise ExceptionGroup("", [ValueError(), ExceptionGroup("", [OSError(), LaunchError("this one")])])
    with pytest.raises(ValueError, match="first"), one_error():
        raise ExceptionGroup("", [ValueError("first"), OSError()])
    with pytest.raises(KeyError), one_error():
        raise KeyError
