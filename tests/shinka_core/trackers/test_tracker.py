"""What every tracker is told, and that none of them can harm a run."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from shinka_core.callbacks import Begun
from shinka_core.checks import check_values
from shinka_core.config import DatabaseConfig, EvolutionConfig, LocalJobConfig
from shinka_core.database import RunSummary
from shinka_core.errors import ConfigError
from shinka_core.settings import RunSettings
from shinka_core.trackers import TRACKERS, Tracker, trackers_of
from shinka_core.trackers import tracker as module
from shinka_core.trackers.tracker import flat, keep_name, kept_name
from tests.shinka_core.trackers.tracked import track


class Noted(Tracker):
    """Keeps everything in lists."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[tuple[int, dict[str, float]]] = []
        self.ends: list[tuple[float | None, list[str]]] = []

    def start(self, run: Begun) -> None:
        assert run.generations == 4

    def log(self, numbers: Mapping[str, float], step: int) -> None:
        self.steps.append((step, dict(numbers)))

    def finish(self, summary: RunSummary, files: Mapping[str, Path]) -> None:
        assert all(path.is_file() for path in files.values())
        self.ends.append((summary.best_score, list(files)))


async def test_each_generation_is_a_step_and_a_resume_goes_on_counting(tmp_path: Path) -> None:
    noted = Noted()
    await track(noted, tmp_path)
    correct = {"correct": 1.0, "evaluation_seconds": 0.0, "cost": 0.25}
    wrong = correct | {"correct": 0.0}
    failed = {"failures": 1.0, "failures/query.unlucky": 1.0}
    assert noted.steps == [
        (1, {"generation": 0.0, "score": 1.0, "best_score": 1.0, "failures": 0.0, **correct}),
        (2, {"generation": 1.0, "best_score": 1.0, "failures": 0.0, **wrong}),
        (3, {"generation": 3.0, "best_score": 1.0, "cost": 0.25, **failed}),
        (4, {"generation": 2.0, "score": 2.0, "best_score": 2.0, **correct, **failed}),
    ]
    assert noted.ends == [(2.0, ["best/program/main.py", "summary.json"])]
    await track(again := Noted(), tmp_path)
    assert [step for step, _ in again.steps] == [5, 6, 7, 8]
    assert [numbers["best_score"] for _, numbers in again.steps] == [2.0, 2.0, 2.0, 6.0]
    assert again.steps[-1][1]["failures/query.unlucky"] == 2.0


class Unreachable(Noted):
    """Cannot begin."""

    def start(self, run: Begun) -> None:
        raise ConnectionError("no server there")


class Lost(Noted):
    """Begins, and loses its server then."""

    def log(self, numbers: Mapping[str, float], step: int) -> None:
        raise ConnectionError("gone")


@pytest.mark.parametrize(("kind", "warnings"), [(Unreachable, 1), (Lost, 1)])
async def test_one_that_fails_is_told_of_once_and_the_run_goes_on(
    kind: type[Noted], warnings: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "shinka.callbacks")
    tracker = kind()
    await track(tracker, tmp_path)
    told = [line for line in caplog.records if line.name == "shinka.callbacks"]
    assert len(told) == warnings
    assert "the run goes on" in told[0].getMessage()
    assert len(tracker.ends) == (kind is Lost)


def settings(*trackers: Any) -> RunSettings:
    return RunSettings("run", Path(), EvolutionConfig(trackers=list(trackers)), LocalJobConfig(), DatabaseConfig())


def test_settings_name_them_and_slips_are_told_before_anything_is_spent(monkeypatch: pytest.MonkeyPatch) -> None:
    assert TRACKERS.names() == ["mlflow", "tensorboard", "wandb"]
    (own,) = trackers_of([f"{__name__}:Noted"])
    assert isinstance(own, Noted)
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    for name, library in (("mlflow", "mlflow"), ("wandb", "wandb"), ("tensorboard", "tensorboardX")):
        with pytest.raises(ConfigError, match=rf"trackers: .*needs {library}.*pip install 'shinka-prefect\[{name}\]'"):
            check_values(settings(name))
    with pytest.raises(ConfigError, match="trackers: there is no tracker 'mlfow'; did you mean 'mlflow'"):
        check_values(settings("mlfow"))
    with pytest.raises(ConfigError, match="project"):
        check_values(settings({"name": "wandb", "projekt": "x"}))
    with pytest.raises(ConfigError, match="trackers"):
        check_values(settings({"name": "mlflow", "api_key": "x1"}))
    with pytest.raises(ConfigError, match=r"tracking_uri holds a password.*MLFLOW_TRACKING_PASSWORD"):
        check_values(settings({"name": "mlflow", "tracking_uri": "https://me:secret@host/"}))


def test_names_are_kept_in_the_results_folder_whatever_became_of_the_file(tmp_path: Path) -> None:
    assert kept_name(tmp_path, "mlflow") is None
    keep_name(tmp_path, "mlflow", "a")
    keep_name(tmp_path, "wandb", "b")
    assert (kept_name(tmp_path, "mlflow"), kept_name(tmp_path, "wandb")) == ("a", "b")
    for broken in ("[1]", "{", '{"mlflow": '):
        (tmp_path / module.KEPT).write_text(broken)
        assert kept_name(tmp_path, "mlflow") is None


def test_settings_are_flat_texts() -> None:
    told = flat({"a": {"b": {"c": 1, "d": []}, "e": None}, "f": "as it is", "g": {}})
    assert told == {"a.b.c": "1", "a.b.d": "[]", "a.e": "null", "f": "as it is", "g": "{}"}
