"""Stopping a run: once, twice, and from the UI. Nothing survives it but what was stored."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest

from tests.flows.test_evolve import TASK, ServerProcess, flow_runs, rows
from tests.support.prefect import ROOT, environment_for, evolve

LONG_EVALUATION = """
import argparse, json, os, time
parser = argparse.ArgumentParser()
parser.add_argument("--program_path"); parser.add_argument("--results_dir")
a = parser.parse_args()
time.sleep({seconds} if "gen_0" not in a.program_path else 0)
for name, value in (("metrics", {{"combined_score": 1.0}}), ("correct", {{"correct": True, "error": None}})):
    with open(os.path.join(a.results_dir, name + ".json"), "w") as file:
        json.dump(value, file)
"""


class Stopped:
    """A run in a process of its own that waits to be stopped."""

    def __init__(self, folder: Path, api: str, home: Path, seconds: float, name: str) -> None:
        self.results, self.name = folder / "r", name
        task = folder / "task"
        task.mkdir()
        (task / "initial.py").write_text((TASK / "initial.py").read_text())
        (task / "evaluate.py").write_text(LONG_EVALUATION.format(seconds=seconds))
        self.model = ServerProcess("--latency", "0.1")
        self.arguments = [str(task), "--generations", "30", "--max-proposal-jobs", "3", "--max-evaluation-jobs", "3"]
        self.arguments += ["--model", "m", "--base-url", self.model.url, "--results", str(self.results), "--name", name]
        self.process = subprocess.Popen(
            [sys.executable, "flows/evolve.py", *self.arguments],
            cwd=ROOT, env=environment_for(api, home, TEST_STOPPED=str(folder)), stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        self.mark = str(folder)

    def wait_for_evaluations(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.process.communicate()[0]
            if len(self.evaluations()) >= 3:
                return
            time.sleep(0.05)
        raise AssertionError("no evaluations")

    def evaluations(self) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter(["cmdline"]):
            command = " ".join(process.info["cmdline"] or [])
            if "evaluate.py" in command and self.mark in command and "gen_0/" not in command:
                found.append(process)
        return found

    def end(self) -> str:
        output, _ = self.process.communicate(timeout=60)
        assert self.evaluations() == []
        return output

    def resume(self, api: str, home: Path) -> None:
        script = Path(self.mark) / "task" / "evaluate.py"
        script.write_text(LONG_EVALUATION.format(seconds=0.0))
        done = evolve(*self.arguments, "--resume", api=api, home=home)
        assert done.returncode == 0, done.stdout + done.stderr
        assert rows(self.results, "SELECT count(*), count(DISTINCT generation) FROM programs") == [(31, 31)]
        answers = rows(self.results, "SELECT count(*) FROM model_calls WHERE status = 'answered'")[0][0]
        assert answers == 30
        self.model.close()


def test_stopped_once_a_run_finishes_what_is_in_flight(tmp_path: Path, prefect_api: str, prefect_home: Path) -> None:
    run = Stopped(tmp_path, prefect_api, prefect_home, 3.0, "stopped-once")
    run.wait_for_evaluations()
    run.process.send_signal(signal.SIGINT)
    output = run.end()
    assert run.process.returncode == 130, output
    in_flight = rows(run.results, "SELECT count(*) FROM generations WHERE number > 0 AND state = 'recorded'")[0][0]
    assert in_flight >= 3, "what was being evaluated was recorded"
    assert in_flight < 30
    assert rows(run.results, "SELECT count(*) FROM generations WHERE state = 'failed'") == [(0,)]
    assert rows(run.results, "SELECT state FROM evolutions") == [("stopped",)]
    run.resume(prefect_api, prefect_home)


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
def test_stopped_twice_a_run_ends_at_once(
    tmp_path: Path, prefect_api: str, prefect_home: Path, first: signal.Signals
) -> None:
    run = Stopped(tmp_path, prefect_api, prefect_home, 300.0, f"stopped-twice-{first.name}")
    run.wait_for_evaluations()
    run.process.send_signal(first)
    time.sleep(1.0)
    assert run.process.poll() is None, "the first one lets evaluations go on"
    run.process.send_signal(signal.SIGINT)
    output = run.end()
    assert run.process.returncode == 130, output
    assert rows(run.results, "SELECT count(*) FROM generations WHERE state = 'failed'") == [(0,)]
    assert rows(run.results, "SELECT state FROM evolutions") == [("stopped",)]
    run.resume(prefect_api, prefect_home)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_cancelled_in_the_ui_a_run_stops_and_says_so(tmp_path: Path, prefect_api: str, prefect_home: Path) -> None:
    run = Stopped(tmp_path, prefect_api, prefect_home, 4.0, "cancelled-in-the-ui")
    run.wait_for_evaluations()
    (outer,) = flow_runs(prefect_api, name={"any_": [run.name]})
    body = {"state": {"type": "CANCELLING", "name": "Cancelling"}, "force": False}
    httpx.post(f"{prefect_api}/flow_runs/{outer['id']}/set_state", json=body, trust_env=False).raise_for_status()
    output = run.end()
    assert run.process.returncode == 3, output
    assert "cancelled in the Prefect UI" in output
    wait_until(lambda: flow_runs(prefect_api, name={"any_": [run.name]})[0]["state"]["type"] == "CANCELLED")
    assert rows(run.results, "SELECT count(*) FROM generations WHERE state = 'failed'") == [(0,)]
    run.resume(prefect_api, prefect_home)
