"""Deployments on a real server, with a real work pool and a real worker."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from flows.orchestrator.identity import RESULTS
from tests.support import local_http
from tests.support.prefect import ROOT, environment_for

ENDED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
# Of each server, by its address: the project whose deployments were made last.
_MADE: dict[str, Path] = {}
POOL, EVALUATIONS = "shinka-process", "shinka-evaluations"


class Server:
    """What a person does with the server of the tests, by command and by HTTP.

    Attributes:
        folder: Where commands are given and the worker runs.
        project: The folder that deployed runs work in.
        python: The interpreter of commands and workers.
    """

    def __init__(self, api: str, home: Path, folder: Path, project: Path = ROOT, python: str = sys.executable) -> None:
        self.api, self.home, self.folder, self.project, self.python = api, home, folder, project, python
        self.log = folder / "worker.log"
        self.process = 0  # of the last worker

    @property
    def made_last(self) -> Path | None:
        """The project whose deployments the server has; None when none were made."""
        return _MADE.get(self.api)

    def environment(self, **extra: str) -> dict[str, str]:
        return environment_for(
            self.api, self.home, PYTHONPATH=str(self.project), PREFECT_WORKER_QUERY_SECONDS="2", **extra
        )

    def tried(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs `prefect`."""
        return subprocess.run(
            [self.python, "-m", "prefect", "--no-prompt", *arguments], cwd=self.folder, env=self.environment(),
            capture_output=True, text=True, timeout=180,
        )  # fmt: skip

    def prefect(self, *arguments: str) -> str:
        """Runs `prefect`, which must succeed."""
        done = self.tried(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def deploy(self, file: Path | None = None) -> None:
        """Makes the deployments of the project, and the pools if they are not there."""
        for pool in (POOL, EVALUATIONS):
            response = local_http.post(f"{self.api}/work_pools/", json={"name": pool, "type": "process"})
            assert response.status_code in (201, 409), response.text
        file = file or self.project / "deployments" / "prefect.yaml"
        self.prefect("deploy", "--all", "--prefect-file", str(file))
        _MADE[self.api] = self.project

    @contextmanager
    def worker(self, pool: str = POOL) -> Generator[subprocess.Popen[bytes], None, None]:
        """A worker that is stopped at the end, with what it runs."""
        process = subprocess.Popen(
            [self.python, "-m", "prefect", "worker", "start", "--pool", pool], cwd=self.folder,
            env=self.environment(), stdout=self.log.open("a"), stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        self.process = process.pid
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(timeout=60)
                except subprocess.TimeoutExpired:
                    kill_tree(process.pid)

    def until_the_worker_rests(self) -> None:
        """Waits until the last worker has done with all that it started, also with runs that have come to their end."""
        wait_until(
            lambda: psutil.Process(self.process).children(recursive=True) == [], lambda: self.log.read_text()[-4000:]
        )

    def post(self, path: str, body: Any) -> Any:
        response = local_http.post(f"{self.api}/{path}", json=body, timeout=60)
        response.raise_for_status()
        return response.json()

    def deployment(self, name: str) -> dict[str, Any]:
        response = local_http.get(f"{self.api}/deployments/name/evolve/{name}")
        response.raise_for_status()
        return response.json()

    def start(self, deployment: str, **parameters: Any) -> str:
        """What *Quick run* of the UI does; returns the id of the flow run."""
        body = {"parameters": parameters, "state": {"type": "SCHEDULED"}}
        return self.post(f"deployments/{self.deployment(deployment)['id']}/create_flow_run", body)["id"]

    def results_of(self, flow_run: str) -> Path:
        """Where the run says that it is, once it says so."""
        wait_until(lambda: RESULTS in self.run(flow_run)["labels"], lambda: self.story(flow_run))
        return Path(self.run(flow_run)["labels"][RESULTS])

    def under_way(self, deployment: str, **parameters: Any) -> tuple[str, Path]:
        """Starts a run; returns its id and its folder once it has some programs."""
        flow_run = self.start(deployment, **parameters)
        results = self.results_of(flow_run)
        wait_until(lambda: programs(results) >= 4, lambda: self.story(flow_run))
        return flow_run, results

    def run(self, flow_run: str) -> dict[str, Any]:
        return local_http.get(f"{self.api}/flow_runs/{flow_run}", timeout=60).json()

    def cancel(self, flow_run: str) -> None:
        """What *Cancel* of the UI does."""
        self.set_state(flow_run, "CANCELLING", "Cancelling")

    def retry(self, flow_run: str) -> None:
        """What *Retry* of the UI does."""
        state = {"type": "SCHEDULED", "name": "AwaitingRetry"}
        self.post(f"flow_runs/{flow_run}/set_state", {"state": state, "force": True})

    def runs(self, **flow_run_filter: Any) -> list[dict[str, Any]]:
        return self.post("flow_runs/filter", {"flow_runs": flow_run_filter, "sort": "EXPECTED_START_TIME_ASC"})

    def set_state(self, flow_run: str, kind: str, name: str, **details: Any) -> dict[str, Any]:
        state = {"type": kind, "name": name, "state_details": details}
        return self.post(f"flow_runs/{flow_run}/set_state", {"state": state, "force": False})

    def wait(self, flow_run: str, kinds: set[str] = ENDED, seconds: float = 300) -> dict[str, Any]:
        """Waits for the flow run to come to one of these states."""
        wait_until(lambda: self.run(flow_run)["state"]["type"] in kinds, lambda: self.story(flow_run), seconds)
        return self.run(flow_run)

    def story(self, flow_run: str) -> str:
        """What to read when something did not happen."""
        log = self.log.read_text()[-4000:] if self.log.exists() else ""
        return f"{self.run(flow_run)['name']}: {self.run(flow_run)['state']}\n{log}"


def wait_until(
    condition: Callable[[], object], why: Callable[[], str] = lambda: "in vain", seconds: float = 240
) -> None:
    """Asks every now and then."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, why()
        time.sleep(0.2)


def programs(results: Path) -> int:
    """How many programs are in a results folder; 0 while there is no database."""
    return count(results, "SELECT count(*) FROM programs")


def count(results: Path, query: str) -> int:
    if not (results / "evolution.sqlite").exists():
        return 0
    with sqlite3.connect(results / "evolution.sqlite") as connection:
        try:
            return connection.execute(query).fetchone()[0]
        except sqlite3.OperationalError:
            return 0


def kill_tree(pid: int) -> None:
    """What a power cut does to a process and all that it started."""
    processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    for process in processes:
        try:
            os.kill(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    psutil.wait_procs(processes, timeout=10)


def copy_project(folder: Path, *more: str) -> Path:
    """A checkout of the project in another place, whose results folder is its own."""
    for name in ("flows", "tasks", "shinka", "shinka_core", "deployments", *more):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def make_task(folder: Path) -> Path:
    """A task that costs next to nothing."""
    folder.mkdir(parents=True)
    source = ROOT / "benchmarks" / "task"
    for name in ("initial.py", "evaluate.py"):
        (folder / name).write_text((source / name).read_text())
    return folder


def quick(task: Path, seconds: float = 0.0, generations: int = 2, **evolution: Any) -> dict[str, Any]:
    """Parameters of a run that asks no model and needs no sandbox."""
    return {
        "task_dir": str(task),
        "evo_config": {"num_generations": generations, "max_parallel_jobs": 2, "embedding_model": None} | evolution,
        "job_config": {"isolation": "limits", "extra_cmd_args": {"sleep": seconds}},
        "max_proposal_jobs": 2,
    }
