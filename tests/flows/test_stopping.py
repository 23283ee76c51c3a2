"""Stopping a run: once, twice, and from the UI. Nothing survives it but what was stored."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.support import local_http
from tests.support.prefect import ROOT, environment_for
from tests.support.runs import TASK, ServerProcess, command, flow_runs, rows, wait_until

# Goes on until the test lets it end, so that no test depends on how fast the machine is.
EVALUATION = """
import argparse, json, os, time
parser = argparse.ArgumentParser()
parser.add_argument("--program_path"); parser.add_argument("--results_dir")
a = parser.parse_args()
folder = os.path.dirname(os.path.abspath(__file__))
finish, ends_itself = os.path.join(folder, "finish"), os.path.join(folder, "ends_itself")
while "gen_0/" not in a.program_path and not os.path.exists(finish):
    time.sleep(0.02)
if os.path.exists(ends_itself) and open(ends_itself).read() in a.program_path:
    os.kill(os.getpid(), 15)
for name, value in (("metrics", {"combined_score": 1.0}), ("correct", {"correct": True, "error": None})):
    with open(os.path.join(a.results_dir, name + ".json"), "w") as file:
        json.dump(value, file)
"""
GENERATIONS = 12
SHOWN = ("evolution", "best-programs", "costs")
AT_ONCE = 3


def gated_task(folder: Path) -> Path:
    """A task whose evaluations end once there is a file `finish` beside it."""
    folder.mkdir()
    (folder / "initial.py").write_text((TASK / "initial.py").read_text())
    (folder / "evaluate.py").write_text(EVALUATION)
    return folder


class Stopped:
    """A run in a process of its own that waits to be stopped."""

    def __init__(self, folder: Path, api: str, home: Path, name: str, isolation: str = "auto") -> None:
        self.results, self.name, self.folder = folder / "r", name, folder
        self.task = gated_task(folder / "task")
        (self.task / "evolve.yaml").write_text(f"job: {{isolation: {isolation}}}\n")
        self.model = ServerProcess("--latency", "0.1")
        self.arguments = [str(self.task), "--generations", str(GENERATIONS), "--model", "m", "--name", name]
        self.arguments += ["--max-proposal-jobs", str(AT_ONCE), "--max-evaluation-jobs", str(AT_ONCE)]
        self.arguments += ["--base-url", self.model.url, "--results", str(self.results)]
        with (folder / "output.txt").open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "flows/evolve.py", *self.arguments], cwd=ROOT, env=environment_for(api, home),
                stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip

    @property
    def output(self) -> str:
        return (self.folder / "output.txt").read_text()

    def evaluated(self) -> set[int]:
        """Generations that are being evaluated; one evaluation is several processes when it runs in a sandbox."""
        found: set[int] = set()
        for process in psutil.process_iter(["cmdline", "status"]):
            words = " ".join(process.info["cmdline"] or [])
            if str(self.task) in words and process.info["status"] != psutil.STATUS_ZOMBIE:
                found |= {int(number) for number in re.findall(r"/gen_(\d+)/main", words)}
        return found - {0}

    def wait_for_evaluations(self) -> set[int]:
        """Waits until every evaluation slot is taken; says by which generations."""

        def full() -> bool:
            assert self.process.poll() is None, self.output
            return len(self.evaluated()) == AT_ONCE

        wait_until(full)
        return self.evaluated()

    def end_evaluations(self, number: signal.Signals) -> None:
        """Sends a signal to every process that the run has started, and to none of them twice."""
        for process in psutil.Process(self.process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # gone with the one before
                process.send_signal(number)

    def told(self) -> None:
        """Waits until the run has understood that it is to stop."""
        wait_until(lambda: "finishing what is in flight" in self.output)

    def let_evaluations_end(self) -> None:
        (self.task / "finish").touch()

    def end(self, code: int) -> None:
        self.process.wait(timeout=180)
        assert self.process.returncode == code, self.output
        assert self.evaluated() == set()
        assert rows(self.results, "SELECT count(*) FROM generations WHERE state = 'failed'") == [(0,)]
        assert rows(self.results, "SELECT state FROM evolutions") == [("stopped",)]
        summary = json.loads((self.results / "summary.json").read_text())
        assert summary["stopped_early"]
        assert summary["generations"] == len(self.recorded()) + 1
        assert (self.results / "best" / "main.py").exists()

    def recorded(self) -> set[int]:
        query = "SELECT number FROM generations WHERE number > 0 AND state = 'recorded'"
        return {number for (number,) in rows(self.results, query)}

    def resume(self, api: str, home: Path) -> None:
        self.let_evaluations_end()
        done = command(*self.arguments, "--resume", api=api, home=home)
        assert done.returncode == 0, done.stdout + done.stderr
        everyone = [(GENERATIONS + 1, GENERATIONS + 1)]
        assert rows(self.results, "SELECT count(*), count(DISTINCT generation) FROM programs WHERE correct") == everyone
        assert rows(self.results, "SELECT count(*) FROM model_calls WHERE status = 'answered'") == [(GENERATIONS,)]
        assert self.model.stats()["requests"] == GENERATIONS, "no question was asked twice"
        self.model.close()


@pytest.mark.parametrize("told", [signal.SIGINT, pytest.param(signal.SIGHUP, marks=pytest.mark.slow)])
def test_stopped_once_a_run_finishes_what_is_in_flight(
    tmp_path: Path, prefect_api: str, prefect_home: Path, told: signal.Signals
) -> None:
    run = Stopped(tmp_path, prefect_api, prefect_home, f"stopped-once-{told.name}")
    in_flight = run.wait_for_evaluations()
    run.process.send_signal(told)
    run.told()
    if told == signal.SIGHUP:  # its shell says it as well as the terminal
        run.process.send_signal(told)
        time.sleep(0.5)
        assert run.evaluated() == in_flight
    run.let_evaluations_end()
    run.end(128 + told)
    assert run.recorded() == in_flight, "what was being evaluated, and nothing that had yet to begin"
    run.resume(prefect_api, prefect_home)


@pytest.mark.slow
@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
def test_stopped_twice_a_run_ends_at_once(
    tmp_path: Path, prefect_api: str, prefect_home: Path, first: signal.Signals
) -> None:
    run = Stopped(tmp_path, prefect_api, prefect_home, f"stopped-twice-{first.name}")
    in_flight = run.wait_for_evaluations()
    run.process.send_signal(first)
    run.told()
    time.sleep(0.5)
    assert run.process.poll() is None
    assert run.evaluated() == in_flight, "the first one lets evaluations go on"
    run.process.send_signal(signal.SIGINT)
    run.end(128 + first)
    assert run.recorded() == set()
    run.resume(prefect_api, prefect_home)


@pytest.mark.parametrize(
    ("first", "isolation"),
    [
        pytest.param("evaluations", "auto", marks=pytest.mark.slow),
        pytest.param("evaluations", "limits", marks=pytest.mark.slow),
        pytest.param("driver", "auto", marks=pytest.mark.slow),
        pytest.param("driver", "limits", marks=pytest.mark.slow),
    ],
)
def test_stopped_with_all_its_processes_a_run_judges_none_of_the_evaluations(
    tmp_path: Path, prefect_api: str, prefect_home: Path, first: str, isolation: str
) -> None:
    run = Stopped(tmp_path, prefect_api, prefect_home, f"stopped-with-all-{first}-{isolation}", isolation)
    run.wait_for_evaluations()
    if first == "driver":
        run.process.terminate()
        run.told()
        run.end_evaluations(signal.SIGTERM)
    else:
        run.end_evaluations(signal.SIGTERM)
        time.sleep(0.3)
        run.process.terminate()
    run.end(143)
    assert run.recorded() == set()
    run.resume(prefect_api, prefect_home)


@pytest.mark.slow
def test_a_program_that_ends_itself_is_one_verdict_and_the_run_goes_on(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    run = Stopped(tmp_path, prefect_api, prefect_home, "ends-itself")
    run.wait_for_evaluations()
    (run.task / "ends_itself").write_text("gen_5/")
    run.let_evaluations_end()
    run.process.wait(timeout=180)
    assert run.process.returncode == 0, run.output
    everyone = "SELECT count(*), count(DISTINCT generation), sum(correct) FROM programs"
    assert rows(run.results, everyone) == [(GENERATIONS + 1, GENERATIONS + 1, GENERATIONS)]
    ((generation, error),) = rows(
        run.results, "SELECT generation, error FROM programs JOIN program_texts ON program_id = id WHERE NOT correct"
    )
    assert generation == 5
    assert "SIGTERM" in error
    assert run.model.stats()["requests"] == GENERATIONS
    run.model.close()


@pytest.mark.slow
def test_cancelled_in_the_ui_a_run_stops_and_says_so(tmp_path: Path, prefect_api: str, prefect_home: Path) -> None:
    run = Stopped(tmp_path, prefect_api, prefect_home, "cancelled-in-the-ui")
    in_flight = run.wait_for_evaluations()
    (outer,) = flow_runs(prefect_api, name={"any_": [run.name]})
    body = {"state": {"type": "CANCELLING", "name": "Cancelling"}, "force": False}
    local_http.post(f"{prefect_api}/flow_runs/{outer['id']}/set_state", json=body).raise_for_status()
    run.told()
    run.let_evaluations_end()
    run.end(3)
    assert run.recorded() == in_flight
    assert "cancelled in the Prefect UI" in run.output
    wait_until(lambda: flow_runs(prefect_api, name={"any_": [run.name]})[0]["state"]["type"] == "CANCELLED")
    body = {"artifacts": {"flow_run_id": {"any_": [outer["id"]]}}}
    shown = local_http.post(f"{prefect_api}/artifacts/filter", json=body).json()
    assert {artifact["key"] for artifact in shown} == {None, *(f"{kind}-{run.name}" for kind in SHOWN)}
    (page,) = [artifact["data"] for artifact in shown if artifact["type"] == "markdown"]
    assert "Stopped early: `cancelled in the Prefect UI`" in page
    run.resume(prefect_api, prefect_home)
