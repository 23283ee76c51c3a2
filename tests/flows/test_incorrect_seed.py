"""A seed program that is not correct, and a run without one correct program: told at once, in words, by the exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support import local_http
from tests.support.prefect import ROOT, environment_for

WORDS = "julia is not on this machine [see README]"
EVALUATOR = """\
import argparse, json, pathlib
parser = argparse.ArgumentParser()
parser.add_argument("--program_path")
parser.add_argument("--results_dir")
arguments = parser.parse_args()
text = pathlib.Path(arguments.program_path).read_text()
correct = {rule}
out = pathlib.Path(arguments.results_dir)
(out / "metrics.json").write_text(json.dumps({{"combined_score": 1.0 if correct else 0.0}}))
(out / "correct.json").write_text(json.dumps({{"correct": correct, "error": None if correct else {words!r}}}))
"""
NEVER = "False"
REPAIRED = "text.strip() != 'x = 1.0'"


class Bench:
    """A task folder, and the command on it in a process of its own."""

    def __init__(self, folder: Path, api: str, home: Path) -> None:
        self.folder = folder / "task"
        self.results = folder / "results"
        self._environment = environment_for(api, home)
        self.api = api

    def task(self, rule: str, seed: str = "x = 1.0\n") -> None:
        self.folder.mkdir(exist_ok=True)
        (self.folder / "initial.py").write_text(seed)
        (self.folder / "evaluate.py").write_text(EVALUATOR.format(rule=rule, words=WORDS))

    def run(self, *more: str) -> subprocess.CompletedProcess[str]:
        arguments = [str(self.folder), "--generations", "3", "--results", str(self.results), *more]
        return subprocess.run(
            [sys.executable, "flows/evolve.py", *arguments],
            cwd=ROOT, env=self._environment, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip


@pytest.fixture
def bench(tmp_path: Path, prefect_api: str, prefect_home: Path) -> Bench:
    return Bench(tmp_path, prefect_api, prefect_home)


def states(api: str, words: str) -> list[dict[str, Any]]:
    """States of flow runs whose message has those words."""
    runs = local_http.post(f"{api}/flow_runs/filter", json={"sort": "START_TIME_DESC", "limit": 20}).json()
    return [run["state"] for run in runs if words in (run["state"]["message"] or "")]


def test_a_seed_that_is_not_correct_ends_the_run_before_a_model_is_asked_and_a_resume_repairs_it(bench: Bench) -> None:
    bench.task(REPAIRED)
    stopped = bench.run()
    assert stopped.returncode == 2, stopped.stdout + stopped.stderr
    for words in ("the seed program is not correct, so no model was asked", WORDS, "--incorrect-seed repair"):
        assert words in stopped.stderr
    assert not (bench.results / "gen_1").exists()
    assert not (bench.results / "best").exists()
    assert f"{bench.results}/best" not in stopped.stdout + stopped.stderr
    assert {state["type"] for state in states(bench.api, "so no model was asked")} == {"FAILED"}

    repaired = bench.run("--resume", "--incorrect-seed", "repair")
    assert repaired.returncode == 0, repaired.stdout + repaired.stderr
    assert f"not correct: {WORDS}" in repaired.stdout
    assert (bench.results / "best").is_dir()


def test_what_the_evaluator_says_is_told_where_an_archive_finds_too_little_in_it(bench: Bench) -> None:
    bench.task(NEVER)
    (bench.folder / "evolve.yaml").write_text("database: {archive_strategy: {name: map_elites, features: [speed]}}\n")
    stopped = bench.run()
    assert stopped.returncode == 2, stopped.stdout + stopped.stderr
    assert "speed" in stopped.stderr
    assert WORDS in stopped.stderr


def test_a_run_that_makes_no_correct_program_says_so_in_its_summary_its_exit_code_and_its_state(bench: Bench) -> None:
    bench.task(NEVER)
    done = bench.run("--incorrect-seed", "repair", "--json")
    end = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, end["exit_code"], end["outcome"]) == (4, 4, "nothing_made")
    assert end["summary"]["last_words"] == {"evaluate: not_correct": WORDS}
    assert end["summary"]["seed_error"] == WORDS
    assert "the seed program is not correct, so the first proposals repair it" in done.stderr
    assert {state["type"] for state in states(bench.api, f"last: {WORDS}")} == {"FAILED"}
    assert not (bench.results / "best").exists()


def test_a_run_without_one_candidate_shows_what_was_said_last(bench: Bench) -> None:
    bench.task("True", seed="def name():\n    return 'nothing to move'\n")
    done = bench.run("--model", "builtin/mutate")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "the models gave no answer 3 times in a row; last: query: unusable_answer: builtin/mutate" in done.stdout


def test_as_json_the_stop_is_the_last_event(bench: Bench) -> None:
    bench.task(NEVER)
    done = bench.run("--json")
    end = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, end["event"], end["exit_code"]) == (2, "end", 2)
    assert WORDS in end["error"]


def test_a_seed_that_fails_its_own_syntax_check_is_told_before_anything_is_asked(bench: Bench) -> None:
    bench.task("True", seed="x = 1.0\n{{ template }} y =\n")
    done = bench.run("--generations", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the syntax check is off" in done.stderr
    assert "line 2" in done.stderr
