"""Whole runs whose evaluations are elsewhere: killed, resumed, cancelled."""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import slurm
from tests.support.prefect import evolve
from tests.support.runs import TASK, begin, model_server, rows, wait_until

GENERATIONS = 8

EVALUATOR = """
import argparse, json, os, re, time
parser = argparse.ArgumentParser()
for name in ("program_path", "results_dir", "count"):
    parser.add_argument("--" + name)
a = parser.parse_args()
with open(a.count, "a") as file:
    file.write(f"begun {a.program_path}\\n")
time.sleep(2.0)
for name, value in (("metrics", {"combined_score": 1.0}), ("correct", {"correct": True, "error": None})):
    with open(os.path.join(a.results_dir, name + ".json"), "w") as file:
        json.dump(value, file)
with open(a.count, "a") as file:
    file.write(f"ended {a.program_path}\\n")
"""


@pytest.fixture(scope="module")
def controller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[slurm.Slurm]:
    if problem := slurm.why_not():
        pytest.skip(problem)
    with slurm.running(tmp_path_factory.mktemp("slurm")) as started:
        yield started


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    """Of a run whose evaluations are jobs of Slurm and write down when they begin and end."""
    task = tmp_path / "task"
    task.mkdir()
    (task / "initial.py").write_text((TASK / "initial.py").read_text())
    (task / "evaluate.py").write_text(EVALUATOR)
    (task / "evolve.yaml").write_text(
        json.dumps({
            "job": {
                "kind": "slurm", "poll": 0.5, "settle": 5, "isolation": "limits", "time": 60,
                "extra_cmd_args": {"count": str(tmp_path / "count")},
            }
        })
    )  # fmt: skip
    return [str(task), "--generations", str(GENERATIONS), "--model", "m", "--results", str(tmp_path / "r")]


def said(tmp_path: Path) -> list[tuple[str, str]]:
    """What evaluations wrote down: which of them begun and ended, in order."""
    path = tmp_path / "count"
    lines = path.read_text().splitlines() if path.exists() else []
    return [(word, program) for word, _, program in (line.partition(" ") for line in lines)]


def jobs(controller: slurm.Slurm) -> list[str]:
    return controller.call("squeue", "--noheader", "--states=PENDING,RUNNING", "--format=%j").split()


@pytest.mark.slow
def test_a_driver_that_is_killed_leaves_its_jobs_to_the_resumed_run(
    tmp_path: Path, prefect_api: str, prefect_home: Path, controller: slurm.Slurm, arguments: list[str]
) -> None:
    with model_server() as model:
        arguments += ["--base-url", model.url]
        run = begin(*arguments, api=prefect_api, home=prefect_home, **controller.environment)
        wait_until(lambda: sum(word == "begun" for word, _ in said(tmp_path)) >= 4)
        under_way = {program for _, program in said(tmp_path)} - {
            program for word, program in said(tmp_path) if word == "ended"
        }
        assert under_way
        os.kill(run.pid, signal.SIGKILL)
        run.communicate()
        done = evolve(*arguments, "--resume", api=prefect_api, home=prefect_home, **controller.environment)
        assert done.returncode == 0, done.stdout + done.stderr
        asked = model.stats()["requests"]
    assert rows(tmp_path / "r", "SELECT count(*), sum(correct) FROM programs") == [(GENERATIONS + 1, GENERATIONS + 1)]
    # What ran on, ran once; a submission that was cut off between the queue and the journal may be made again.
    begun = Counter(program for word, program in said(tmp_path) if word == "begun")
    assert {program: begun[program] for program in under_way} == dict.fromkeys(under_way, 1)
    assert sum(begun.values()) <= GENERATIONS + 2
    assert asked == GENERATIONS
    assert jobs(controller) == []


@pytest.mark.slow
def test_a_run_that_is_told_to_stop_twice_leaves_no_job_in_the_queue(
    tmp_path: Path, prefect_api: str, prefect_home: Path, controller: slurm.Slurm, arguments: list[str]
) -> None:
    long = EVALUATOR.replace("sleep(2.0)", "sleep(0.1 if 'gen_0' in a.program_path else 600)")
    (tmp_path / "task/evaluate.py").write_text(long)
    with model_server() as model:
        arguments += ["--base-url", model.url]
        run = begin(*arguments, api=prefect_api, home=prefect_home, **controller.environment)
        wait_until(lambda: sum(word == "begun" for word, _ in said(tmp_path)) >= 3)
        assert jobs(controller)
        run.send_signal(signal.SIGINT)
        time.sleep(1)
        run.send_signal(signal.SIGINT)
        output, _ = run.communicate(timeout=180)
    assert run.returncode == 130, output
    assert "could not be ended" not in output
    wait_until(lambda: jobs(controller) == [], 20)
