"""The deployments, with a real server, a real work pool and a real worker."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.support.prefect import ROOT, environment_for


def prefect(*arguments: str, api: str, home: Path) -> str:
    import sys

    command = [sys.executable, "-m", "prefect", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=environment_for(api, home), capture_output=True, text=True, timeout=180
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def worker(prefect_api: str, prefect_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    import sys

    prefect("work-pool", "create", "shinka-process", "--type", "process", api=prefect_api, home=prefect_home)
    prefect(
        "--no-prompt", "deploy", "--all", "--prefect-file", "deployments/prefect.yaml", api=prefect_api, home=prefect_home
    )  # fmt: skip
    results = tmp_path_factory.mktemp("deployed")
    process = subprocess.Popen(
        [sys.executable, "-m", "prefect", "worker", "start", "--pool", "shinka-process", "--name", "tests"],
        cwd=ROOT, env=environment_for(prefect_api, prefect_home, PREFECT_WORKER_QUERY_SECONDS="1"),
        stdout=(results / "worker.log").open("w"), stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    yield results
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)


def start(results: Path, api: str, home: Path, generations: int, name: str) -> str:
    config = {"num_generations": generations, "max_parallel_jobs": 2, "results_dir": str(results / name)}
    output = prefect(
        "deployment", "run", "evolve/circle-packing", "--param", f"evo_config={json.dumps(config)}",
        "--param", f'name="{name}"', api=api, home=home,
    )  # fmt: skip
    assert "UUID" in output
    found = httpx.post(
        f"{api}/flow_runs/filter", json={"sort": "EXPECTED_START_TIME_DESC", "limit": 50}, trust_env=False
    ).json()
    return next(
        run["id"]
        for run in found
        if run["parameters"].get("name") == name and run["deployment_id"] and not run["parent_task_run_id"]
    )


def state_of(api: str, run_id: str) -> dict[str, Any]:
    return httpx.get(f"{api}/flow_runs/{run_id}", trust_env=False).json()["state"]


def wait_for(api: str, run_id: str, kinds: set[str], log: Path, seconds: float = 120) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while (state := state_of(api, run_id))["type"] not in kinds:
        assert time.monotonic() < deadline, f"{state}\n{log.read_text()[-3000:]}"
        time.sleep(0.3)
    return state


def count(results: Path, query: str) -> int:
    with sqlite3.connect(results / "evolution.sqlite") as connection:
        return connection.execute(query).fetchone()[0]


@pytest.mark.slow
def test_a_deployment_runs_on_a_worker_and_shows_its_outcome(
    prefect_api: str, prefect_home: Path, worker: Path
) -> None:
    run_id = start(worker, prefect_api, prefect_home, 6, "deployed")
    state = wait_for(prefect_api, run_id, {"COMPLETED", "FAILED", "CRASHED"}, worker / "worker.log")
    assert state["type"] == "COMPLETED", state
    assert count(worker / "deployed", "SELECT count(*) FROM programs") == 7
    artifacts = httpx.post(
        f"{prefect_api}/artifacts/filter", json={"artifacts": {"flow_run_id": {"any_": [run_id]}}}, trust_env=False
    ).json()
    kinds = {artifact["type"]: artifact["data"] for artifact in artifacts}
    assert "Best score" in kinds["markdown"]
    assert kinds["progress"] == 100.0


@pytest.mark.slow
def test_a_cancelled_run_leaves_no_process_and_a_retry_continues_it(
    prefect_api: str, prefect_home: Path, worker: Path
) -> None:
    run_id = start(worker, prefect_api, prefect_home, 60, "cancelled")
    wait_for(prefect_api, run_id, {"RUNNING"}, worker / "worker.log")
    database = worker / "cancelled" / "evolution.sqlite"
    deadline = time.monotonic() + 60
    while (
        not database.exists()
        or count(worker / "cancelled", "SELECT count(*) FROM sqlite_master WHERE name = 'programs'") == 0
    ):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    while count(worker / "cancelled", "SELECT count(*) FROM programs") < 4:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    cancel = {"state": {"type": "CANCELLING", "name": "Cancelling"}, "force": False}
    httpx.post(f"{prefect_api}/flow_runs/{run_id}/set_state", json=cancel, trust_env=False).raise_for_status()
    wait_for(prefect_api, run_id, {"CANCELLED"}, worker / "worker.log")
    deadline = time.monotonic() + 20
    while evaluations(worker / "cancelled") and time.monotonic() < deadline:
        time.sleep(0.2)
    assert evaluations(worker / "cancelled") == []
    before = count(worker / "cancelled", "SELECT count(*) FROM programs")
    assert before < 61

    # What the retry button of the UI does.
    again = {"state": {"type": "SCHEDULED", "name": "AwaitingRetry"}, "force": True}
    httpx.post(f"{prefect_api}/flow_runs/{run_id}/set_state", json=again, trust_env=False).raise_for_status()
    wait_for(prefect_api, run_id, {"RUNNING"}, worker / "worker.log")
    state = wait_for(prefect_api, run_id, {"COMPLETED", "FAILED", "CRASHED"}, worker / "worker.log")
    assert state["type"] == "COMPLETED", state
    assert count(worker / "cancelled", "SELECT count(*) FROM programs") == 61
    assert count(worker / "cancelled", "SELECT count(*) FROM model_calls") == 60


def evaluations(results: Path) -> list[int]:
    return [
        process.pid
        for process in psutil.process_iter(["cmdline", "status"])
        if any(str(results) in part for part in process.info["cmdline"] or [])
        and process.info["status"] != psutil.STATUS_ZOMBIE
    ]


def test_the_nightly_evolution_is_scheduled(prefect_api: str, prefect_home: Path, worker: Path) -> None:
    deployment = httpx.get(f"{prefect_api}/deployments/name/evolve/nightly", trust_env=False).json()
    assert [schedule["schedule"]["cron"] for schedule in deployment["schedules"]] == ["0 2 * * *"]
    assert set(deployment["parameter_openapi_schema"]["definitions"]) >= {"EvolutionConfig", "DatabaseConfig"}
