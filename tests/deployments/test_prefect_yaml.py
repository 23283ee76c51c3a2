"""The deployments as they are shipped, with a real server, a real work pool and a real worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.deployed import Server, count, make_task, programs, quick, wait_until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def worker(server: Server) -> Iterator[Server]:
    with server.worker():
        yield server


def test_a_deployment_made_elsewhere_runs_in_the_project_and_shows_its_outcome(worker: Server, tmp_path: Path) -> None:
    # As shipped but for the task, whose example needs numpy and a minute.
    flow_run = worker.start("circle-packing", **quick(make_task(tmp_path / "task"), generations=6))
    ended = worker.wait(flow_run)
    assert ended["state"]["type"] == "COMPLETED", worker.story(flow_run)
    results = worker.project / "results" / ended["name"]
    assert programs(results) == 7
    artifacts = worker.post("artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [flow_run]}}})
    kinds = {artifact["type"]: artifact for artifact in artifacts}
    assert "Best score" in kinds["markdown"]["data"]
    assert f"`{results}`" in kinds["markdown"]["data"]
    assert kinds["progress"]["data"] == 100.0
    assert str(results) in kinds["progress"]["description"]


def test_runs_of_one_deployment_started_in_one_moment_have_folders_of_their_own(worker: Server, tmp_path: Path) -> None:
    task = make_task(tmp_path / "task")
    sweep = [worker.start("circle-packing", **quick(task, seed=seed)) for seed in range(3)]
    ended = [worker.wait(flow_run) for flow_run in sweep]
    assert [run["state"]["type"] for run in ended] == ["COMPLETED"] * 3, worker.story(sweep[0])
    folders = {worker.project / "results" / run["name"] for run in ended}
    assert [programs(folder) for folder in folders] == [3, 3, 3]


def test_a_cancelled_run_leaves_no_process_and_keeps_its_outcome(worker: Server, tmp_path: Path) -> None:
    flow_run, results = worker.under_way("circle-packing", **quick(make_task(tmp_path / "task"), 0.5, 60))
    worker.cancel(flow_run)
    assert worker.wait(flow_run)["state"]["type"] == "CANCELLED"
    wait_until(lambda: evaluations(results) == [], seconds=90)
    wait_until(lambda: (results / "summary.json").exists(), seconds=90)
    assert (results / "best" / "main.py").exists()
    assert count(results, "SELECT count(*) FROM generations WHERE state = 'failed'") == 0
    assert programs(results) < 61


def evaluations(results: Path) -> list[int]:
    return [
        process.pid
        for process in psutil.process_iter(["cmdline", "status"])
        if any(str(results) in part for part in process.info["cmdline"] or [])
        and process.info["status"] != psutil.STATUS_ZOMBIE
    ]
