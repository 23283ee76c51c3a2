"""A script that runs an evolution with `shinka.run` and listens to it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.prefect import ROOT, environment_for
from tests.support.runs import TASK, rows

SCRIPT = """
import asyncio, json, sys, threading
import shinka

class Listener(shinka.Callbacks):
    def __init__(self):
        self.told = []
    def on_program(self, program):
        self.told.append(["program", program.generation, program.score, program.correct])
        if program.generation == 2:
            raise RuntimeError("a mistake of the listener")
    async def on_best(self, program):
        await asyncio.sleep(0.01)
        self.told.append(["best", program.generation, program.score])
    def on_failure(self, generation, failure):
        self.told.append(["failure", generation, failure.reason])
    def on_generation(self, generation, ended):
        self.told.append(["generation", generation, ended])

task, results, generations, resume = sys.argv[1:]
listener = Listener()
summary = shinka.run(
    shinka.EvolutionConfig(init_program_path=f"{task}/initial.py", num_generations=int(generations), results_dir=results),
    shinka.LocalJobConfig(eval_program_path=f"{task}/evaluate.py"),
    verbose=False, resume=resume == "resume", callbacks=listener,
)
assert isinstance(summary, shinka.RunSummary)
print(json.dumps([summary.programs, summary.best_score, listener.told]))
"""


def run(
    results: Path, generations: int, resume: str, api: str, home: Path
) -> tuple[int, float, list[list[object]], str]:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(TASK), str(results), str(generations), resume], cwd=ROOT, timeout=120,
        env=environment_for(api, home), capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    programs, best, told = json.loads(done.stdout.splitlines()[-1])
    return programs, best, told, done.stderr


@pytest.mark.slow
def test_a_script_hears_of_everything_in_the_order_of_the_record(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    results = tmp_path / "r"
    programs, best, told, log = run(results, 6, "begin", prefect_api, prefect_home)
    recorded = rows(results, "SELECT generation, score, correct FROM programs ORDER BY sequence")
    assert [event[1:] for event in told if event[0] == "program"] == [[*row[:2], bool(row[2])] for row in recorded]
    ended = [event[1:] for event in told if event[0] == "generation"]
    assert sorted(number for number, _ in ended) == list(range(7))
    assert [count for _, count in ended] == list(range(1, 8))
    bests = [event[2] for event in told if event[0] == "best"]
    assert bests == sorted(bests)
    assert bests[-1] == best
    assert programs + len([event for event in told if event[0] == "failure"]) == 7
    assert log.count("a mistake of the listener") <= 2  # the line and its traceback
    assert "callback on_program" in log

    _, best, told, _ = run(results, 9, "resume", prefect_api, prefect_home)
    assert sorted(event[1] for event in told if event[0] == "generation") == [7, 8, 9]
    assert all(event[2] > bests[-1] for event in told if event[0] == "best")
