"""What a run stands on goes away for a while: database, disk, orchestrator. Nothing is lost, nothing paid twice."""

from __future__ import annotations

import os
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.support import local_http
from tests.support.postgres import Postgres
from tests.support.prefect import ROOT, environment_for, plain_prefect
from tests.support.runs import TASK, ServerProcess, rows

pytestmark = pytest.mark.slow

GENERATIONS = 60


@pytest.fixture
def model() -> Iterator[ServerProcess]:
    server = ServerProcess("--latency", "0.5")
    yield server
    server.close()


def begin(model: ServerProcess, results: Path, api: str, home: Path, *more: str) -> subprocess.Popen[str]:
    arguments = [str(TASK), "--generations", str(GENERATIONS), "--max-proposal-jobs", "4", "--model", "m"]
    arguments += ["--base-url", model.url, "--results", str(results), *more]
    return subprocess.Popen(
        [sys.executable, "flows/evolve.py", *arguments], cwd=ROOT, env=environment_for(api, home),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def wait_for(model: ServerProcess, requests: int, run: subprocess.Popen[str]) -> None:
    while model.stats()["requests"] < requests:
        assert run.poll() is None, run.communicate()[0]
        time.sleep(0.05)


def assert_nothing_lost(model: ServerProcess, results: Path) -> None:
    assert rows(results, "SELECT count(*), count(DISTINCT generation) FROM programs") == [
        (GENERATIONS + 1, GENERATIONS + 1)
    ]
    assert rows(results, "SELECT DISTINCT state FROM generations") == [("recorded",)]
    assert rows(results, "SELECT count(*) FROM model_calls WHERE status = 'answered'") == [(GENERATIONS,)]
    assert model.stats()["requests"] == GENERATIONS, "no answer was paid for twice"
    assert rows(results, "PRAGMA foreign_key_check") == []


def test_a_database_locked_for_thirty_seconds(
    tmp_path: Path, prefect_api: str, prefect_home: Path, model: ServerProcess
) -> None:
    results = tmp_path / "r"
    run = begin(model, results, prefect_api, prefect_home)
    wait_for(model, 10, run)
    other = sqlite3.connect(results / "evolution.sqlite", isolation_level=None, timeout=90)
    other.execute("BEGIN IMMEDIATE")
    time.sleep(30)
    other.execute("ROLLBACK")
    other.close()
    output, _ = run.communicate(timeout=400)
    assert run.returncode == 0, output
    assert_nothing_lost(model, results)


def test_a_disk_that_is_full_for_a_while(
    tmp_path: Path, prefect_api: str, prefect_home: Path, model: ServerProcess
) -> None:
    results = tmp_path / "r"
    run = begin(model, results, prefect_api, prefect_home)
    wait_for(model, 10, run)
    process = psutil.Process(run.pid)
    # No file of the driver can grow past this: to it, the disk is full.
    process.rlimit(psutil.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    time.sleep(8)
    during = model.stats()["requests"]
    time.sleep(2)
    assert model.stats()["requests"] == during, "no further question is asked while answers cannot be stored"
    process.rlimit(psutil.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    output, _ = run.communicate(timeout=400)
    assert run.returncode == 0, output
    assert_nothing_lost(model, results)


@pytest.mark.postgres
def test_postgres_restarted_in_the_middle(
    tmp_path: Path, prefect_api: str, prefect_home: Path, model: ServerProcess, postgres: Postgres
) -> None:
    name = f"restarted-{os.getpid()}"
    run = begin(model, tmp_path / "r", prefect_api, prefect_home, "--database", postgres.url, "--name", name)
    wait_for(model, 10, run)
    postgres.stop()
    time.sleep(5)
    postgres.start()
    output, _ = run.communicate(timeout=400)
    assert run.returncode == 0, output
    import asyncio

    import asyncpg

    async def count(query: str) -> Any:
        connection = await asyncpg.connect(postgres.url)
        try:
            return await connection.fetchval(query, name)
        finally:
            await connection.close()

    assert asyncio.run(count("SELECT count(*) FROM programs WHERE evolution = $1")) == GENERATIONS + 1
    assert asyncio.run(count("SELECT count(*) FROM model_calls WHERE evolution = $1")) == GENERATIONS
    assert model.stats()["requests"] == GENERATIONS


@contextmanager
def prefect_on(port: int, home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A Prefect server on a given port, killed at the end like by a power cut."""
    home.mkdir(exist_ok=True)
    environment = {
        **os.environ, "PREFECT_HOME": str(home), "PREFECT_SERVER_API_PORT": str(port), "PREFECT__SERVER_FINAL": "1"
    }  # fmt: skip
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "--factory",
        "flows.orchestrator.server.app:create",
        "--port",
        str(port),
    ]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        try:
            if local_http.get(f"http://127.0.0.1:{port}/api/health", timeout=2).status_code == 200:
                break
        except httpx.HTTPError:
            time.sleep(0.1)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


@pytest.mark.parametrize("away", [0.0, 60.0])
def test_the_prefect_server_killed_and_started_again(tmp_path: Path, model: ServerProcess, away: float) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home, results = tmp_path / "home", tmp_path / "r"
    api = f"http://127.0.0.1:{port}/api"
    with prefect_on(port, home):
        run = begin(model, results, api, home)
        wait_for(model, 10, run)
    time.sleep(away)
    with prefect_on(port, home):
        output, _ = run.communicate(timeout=250)
        assert run.returncode == 0, output
        (outer,) = local_http.post(
            f"{api}/flow_runs/filter", json={"flow_runs": {"parent_task_run_id": {"is_null_": True}}}
        ).json()
        assert outer["state"]["type"] == "COMPLETED"
    assert_nothing_lost(model, results)


# Says that its run is done, and waits for a word before it ends.
SCRIPT = """
import asyncio, sys
from flows.runner import AsyncEvolutionRunner
from shinka_core.config import EvolutionConfig, LocalJobConfig
task, results = sys.argv[1:]
evolution = EvolutionConfig(init_program_path=task + "/initial.py", num_generations=3, results_dir=results,
                            embedding_model=None)
job = LocalJobConfig(eval_program_path=task + "/evaluate.py")

async def main():
    await AsyncEvolutionRunner(evolution, job).run()
    print("done", flush=True)
    sys.stdin.read()

asyncio.run(main())
"""


def test_a_script_ends_though_its_prefect_server_has_gone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with plain_prefect(home) as api:
        script = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(TASK), str(tmp_path / "r")], cwd=ROOT, text=True,
            env=environment_for(api, home), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert script.stdout is not None
        assert any(line == "done\n" for line in script.stdout)
        (server,) = [each for each in psutil.Process().children() if "server" in each.cmdline()]
        for each in [*server.children(recursive=True), server]:
            each.kill()
    script.communicate("", timeout=300)  # what waits for the UI is given up after about a minute
    assert script.returncode == 0
