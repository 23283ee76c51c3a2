"""Each tracker with its library, where that is installed, offline; and with a stand-in for what MLflow documents."""

from __future__ import annotations

import importlib
import struct
import sys
import types
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from shinka_core.trackers import MLflowTracker, TensorBoardTracker, WandbTracker
from shinka_core.trackers import tracker as module
from tests.shinka_core.trackers.tracked import track
from tests.support.recorded import HOSTILE


@pytest.mark.slow
async def test_mlflow_has_one_run_for_both_sessions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.chdir(tmp_path)
    mlflow = pytest.importorskip("mlflow")
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    for _ in range(2):
        await track(MLflowTracker(experiment="mine", tracking_uri=uri), tmp_path)
    client = mlflow.MlflowClient(uri)
    (run,) = client.search_runs([client.get_experiment_by_name("mine").experiment_id])
    assert (run.info.status, run.info.run_name) == ("FINISHED", "run")
    assert run.data.params["evolution.ideas.every"] == "3"
    assert run.data.params["evolution.task_sys_msg"].startswith(HOSTILE)
    history = client.get_metric_history(run.info.run_id, "best_score")
    assert [(one.step, one.value) for one in history][-2:] == [(7, 2.0), (8, 6.0)]
    assert run.data.metrics["failures/query.unlucky"] == 2.0
    assert [one.path for one in client.list_artifacts(run.info.run_id, "best/program")] == ["best/program/main.py"]


@pytest.mark.slow
async def test_wandb_writes_a_run_for_a_later_sync(tmp_path: Path) -> None:
    pytest.importorskip("wandb")
    for _ in range(2):
        await track(WandbTracker(mode="offline"), tmp_path)
    first, second = sorted(tmp_path.glob("wandb/offline-run-*/*.wandb"))
    assert first.name == second.name, "the same run for both sessions"
    assert b"best_score" in first.read_bytes()
    assert b"main.py" in first.read_bytes()


async def test_tensorboard_finds_every_step(tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX")
    await track(TensorBoardTracker(), tmp_path)
    scalars: dict[str, list[tuple[int, float]]] = {}
    texts: dict[str, str] = {}
    for event in _events(next((tmp_path / "tensorboard").iterdir())):
        for value in event.summary.value:
            if value.tensor.string_val:
                texts[value.tag] = value.tensor.string_val[0].decode()
            else:
                scalars.setdefault(value.tag, []).append((event.step, value.simple_value))
    assert scalars["best_score"] == [(1, 1.0), (2, 1.0), (3, 1.0), (4, 2.0)]
    assert scalars["failures"][-1] == (4, 1.0)
    (program,) = (text for tag, text in texts.items() if "main.py" in tag)
    assert all(line.startswith("    ") for line in program.split("\n")), "code to whoever reads it as Markdown"


def _events(file: Path) -> list[Any]:
    """The events of a file: each is a length, its checksum, the event, its checksum."""
    event = importlib.import_module("tensorboardX.proto.event_pb2").Event
    data, at, found = file.read_bytes(), 0, []
    while at < len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        found.append(event.FromString(data[at + 12 : at + 12 + length]))
        at += length + 16
    return found


@dataclass
class StandIn:
    """What MLflow's client documents, as far as the tracker uses it."""

    told: list[tuple[Any, ...]] = field(default_factory=list[tuple[Any, ...]])
    gone: bool = False

    def get_experiment_by_name(self, name: str) -> None:
        self.told.append(("experiment?", name))

    def create_experiment(self, name: str) -> str:
        return f"id of {name}"

    def create_run(self, experiment_id: str, *, tags: dict[str, str], run_name: str) -> Any:
        self.told.append(("run", experiment_id, run_name, tags["shinka.evolution"]))
        return types.SimpleNamespace(info=types.SimpleNamespace(run_id=f"run-{len(self.told)}"))

    def update_run(self, run_id: str, status: str) -> None:
        if self.gone:
            raise StandInError(run_id)
        self.told.append(("again", run_id, status))

    def log_batch(self, run_id: str, *, metrics: list[Any] = [], params: list[Any] = []) -> None:  # noqa: B006
        assert len(params) <= 100
        assert all(len(value) <= 500 for _, value in params)
        self.told.append(("metrics" if metrics else "params", run_id, len(metrics or params)))

    def log_artifact(self, run_id: str, path: str, inside: str | None) -> None:
        self.told.append(("artifact", run_id, Path(path).name, inside))

    def set_tag(self, run_id: str, key: str, value: str) -> None:
        self.told.append(("tag", run_id, key, value))

    def set_terminated(self, run_id: str, status: str) -> None:
        self.told.append(("end", run_id, status))


class StandInError(Exception):
    """There is no such run."""


async def test_what_mlflow_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = StandIn()
    stand_in: Any = types.ModuleType("mlflow")
    stand_in.MlflowClient = lambda tracking_uri: client
    stand_in.exceptions = types.SimpleNamespace(MlflowException=StandInError)
    stand_in.entities = types.SimpleNamespace(Metric=lambda *values: values, Param=lambda *values: values)
    monkeypatch.setitem(sys.modules, "mlflow", stand_in)
    monkeypatch.setattr(module, "find_spec", lambda name: name)
    await track(MLflowTracker(), tmp_path)
    assert client.told[:3] == [
        ("experiment?", "shinka"), ("run", "id of shinka", "run", "run"), ("params", "run-2", 4),
    ]  # fmt: skip
    assert [one[0] for one in client.told[3:7]] == ["metrics"] * 4
    assert client.told[7:] == [
        ("artifact", "run-2", "main.py", "best/program"),
        ("artifact", "run-2", "summary.json", None),
        ("end", "run-2", "FINISHED"),
    ]
    client.told.clear()
    await track(MLflowTracker(), tmp_path)
    assert client.told[0] == ("again", "run-2", "RUNNING")
    assert "params" not in [one[0] for one in client.told], "they cannot be changed there"
    client.told.clear()
    client.gone = True
    (tmp_path / "e.sqlite").unlink()
    await track(MLflowTracker(), tmp_path)
    assert client.told[1][0] == "run", "a run that was deleted there is made anew"
