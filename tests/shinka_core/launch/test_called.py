"""Evaluators that are functions of the program's path, or scripts that print JSON, run where all others run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shinka_core.launch.contract import is_function, prints_json
from shinka_core.launch.function import load_function
from tests.shinka_core.launch.test_evaluator import run, task
from tests.shinka_core.launch.test_hostile import LEVELS

PLAIN = """
import helper, os, runpy

def evaluate(program_path):
    print("evaluating")
    return {"combined_score": runpy.run_path(program_path)["SIZE"], "helper": helper.value, "here": len(os.listdir("."))}
"""
RESULT = """
import asyncio
from openevolve.evaluation_result import EvaluationResult

async def evaluate(program_path):
    await asyncio.sleep(0)
    return EvaluationResult(metrics={"combined_score": 2.0}, artifacts={"log": b"slow"})
"""
STAGES = """
SIZE = lambda path: float(open(path).read())

def evaluate(program_path):
    return {"combined_score": 100.0}

def evaluate_stage1(program_path):
    return {"combined_score": SIZE(program_path), "first": 1}

def evaluate_stage2(program_path):
    return {"combined_score": SIZE(program_path) * 10, "second": 2}

async def evaluate_stage3(program_path):
    return {"combined_score": SIZE(program_path) * 100, "third": 3}
"""
SHELL = """#!/usr/bin/env bash
PROGRAM="$1"
echo loading >&2
echo "{\\"status\\": \\"success\\", \\"combined_score\\": $(cat "$PROGRAM"), \\"metrics\\": {\\"mode\\": 1}, \\"artifacts\\": {\\"mode\\": \\"$2\\"}}"
"""


@pytest.mark.parametrize(
    ("text", "score"),
    [
        (
            "def evaluate(program_path): return {'combined_score': 1}\ndef main(program_path, results_dir): return 2.0",
            2.0,
        ),
        ("def main(path, verbose=False): return 1.0\ndef evaluate(program_path): return {'combined_score': 2}", 2.0),
        ("def main(path, verbose=False): return 1.0", 1.0),
    ],
)
def test_in_process_the_function_that_is_made_for_this_project_counts(tmp_path: Path, text: str, score: float) -> None:
    (tmp_path / "evaluate.py").write_text(text)
    found = load_function(tmp_path / "evaluate.py", None)("program.py", "results")
    assert (found if isinstance(found, float) else found[0]["combined_score"]) == score


@pytest.mark.parametrize("level", ["none", *LEVELS])
async def test_a_function_is_called_in_its_folder_with_its_neighbours(tmp_path: Path, level: str) -> None:
    found = await run(task(tmp_path / "task", PLAIN, "evaluator.py"), "SIZE = 3", isolation=level)
    assert (found.score, found.correct) == (3.0, True), found.error
    assert (found.public_metrics["helper"], found.public_metrics["here"] > 2) == (1, True)


@pytest.mark.parametrize("level", LEVELS)
async def test_one_that_is_awaited_and_returns_an_object_of_a_package_that_is_not_there(
    tmp_path: Path, level: str
) -> None:
    found = await run(task(tmp_path / "task", RESULT, "evaluator.py"), isolation=level)
    assert (found.score, found.feedback.artifacts) == (2.0, {"log": "slow"}), found.error


@pytest.mark.parametrize(
    ("size", "score", "reached"),
    [("0.4", 0.4, {"first"}), ("0.5", 5.0, {"first", "second"}), ("9", 900.0, {"first", "second", "third"})],
)
async def test_stages_are_called_as_far_as_their_thresholds_lead(
    tmp_path: Path, size: str, score: float, reached: set[str]
) -> None:
    evaluator = task(tmp_path / "task", STAGES, "evaluator.py")
    found = await run(evaluator, size, extra_cmd_args={"cascade": "0.5,6"}, isolation="limits")
    assert (found.score, found.correct) == (score, True), found.error
    assert {"first", "second", "third"} & set(found.public_metrics) == reached


async def test_a_stage_that_leads_no_further_is_told_in_the_evaluators_own_words(tmp_path: Path) -> None:
    text = (
        "def evaluate(path): ...\ndef evaluate_stage2(path): ...\ndef evaluate_stage1(path):\n"
        "    return {'metrics': {'runs': 0.0}, 'artifacts': {'error': 'no key image', 'traceback': 'line 3'}}\n"
    )
    evaluator = task(tmp_path / "task", text, "evaluator.py")
    found = await run(evaluator, isolation="limits", extra_cmd_args={"cascade": "0.5"})
    assert found.error == "the stage before evaluate_stage2 gave runs=0; 0.5 leads on\nno key image\nline 3"


async def test_one_stage_is_called_by_its_name_and_without_stages_evaluate(tmp_path: Path) -> None:
    evaluator = task(tmp_path / "task", STAGES, "evaluator.py")
    assert (await run(evaluator, "1", isolation="limits", extra_cmd_args={"stage": "stage2"})).score == 10.0
    assert (await run(evaluator, "1", isolation="limits")).score == 100.0


async def test_further_arguments_go_to_parameters_of_their_names(tmp_path: Path) -> None:
    text = (
        "def evaluate(program_path, size=1, *, seed='0'):\n    return {'combined_score': float(size) + float(seed)}\n"
    )
    evaluator = task(tmp_path / "task", text, "evaluator.py")
    found = await run(evaluator, isolation="limits", extra_cmd_args={"size": 4, "seed": 2, "other": 1})
    assert found.score == 6.0, found.error


async def test_the_score_that_is_missing_is_asked_for_and_taken_when_named(tmp_path: Path) -> None:
    evaluator = task(tmp_path / "task", "def evaluate(path):\n    return {'overall': 0.5, 'lag': 9}\n", "evaluator.py")
    found = await run(evaluator, isolation="limits")
    assert (found.reason, found.public_metrics) == ("no_score", {})
    assert "it returned overall, lag: say which of them is the score" in found.error
    assert (await run(evaluator, isolation="limits", score="overall")).score == 0.5


async def test_what_a_function_raises_is_the_programs_and_what_its_module_raises_the_evaluators(tmp_path: Path) -> None:
    inside = "def evaluate(path):\n    raise SystemExit('gone')\n"
    found = await run(task(tmp_path / "one", inside, "evaluator.py"), isolation="limits")
    assert (found.reason, "SystemExit: gone" in found.error) == ("not_correct", True)
    outside = "import nowhere_to_be_found\ndef evaluate(path):\n    return 1.0\n"
    found = await run(task(tmp_path / "two", outside, "evaluator.py"), isolation="limits")
    assert (found.reason, "No module named 'nowhere_to_be_found'" in found.error) == ("crashed", True)


async def test_a_thread_that_the_program_leaves_does_not_hold_its_result_up(tmp_path: Path) -> None:
    text = (
        "import threading, time\ndef evaluate(path):\n"
        "    threading.Thread(target=time.sleep, args=(60,)).start()\n    return {'combined_score': 1.0}\n"
    )
    found = await run(task(tmp_path / "task", text, "evaluator.py"), isolation="limits", time=30)
    assert (found.score, found.seconds < 20) == (1.0, True)


@pytest.mark.parametrize("level", LEVELS)
async def test_a_program_cannot_write_the_result_in_the_evaluators_place(tmp_path: Path, level: str) -> None:
    forging = (
        "import os, sys\nout = sys.argv and [a for a in open('/proc/self/cmdline').read().split('\\0')]\n"
        "place = out[out.index('--results_dir') + 1]\n"
        "open(place + '/metrics.json', 'w').write('{\"combined_score\": 99}')\n"
        "open(place + '/correct.json', 'w').write('{\"correct\": true}')\nos._exit(0)\nSIZE = 1\n"
    )
    found = await run(task(tmp_path / "task", PLAIN, "evaluator.py"), forging, isolation=level)
    assert (found.score, found.reason) == (None, "forged")


@pytest.mark.parametrize("level", LEVELS)
async def test_a_script_of_a_folder_evaluator_prints_its_result(tmp_path: Path, level: str) -> None:
    evaluator = task(tmp_path / "task" / "evaluator", SHELL, "evaluate.sh")
    found = await run(evaluator, "1.5", isolation=level)
    assert (found.score, found.feedback.artifacts, found.public_metrics["mode"]) == (1.5, {"mode": "train"}, 1), (
        found.error
    )


async def test_a_script_that_prints_no_result_is_told_so(tmp_path: Path) -> None:
    found = await run(task(tmp_path / "t" / "evaluator", "echo $1 is bad; exit 3\n", "evaluate.sh"), isolation="limits")
    assert not found.correct
    assert "ended with exit code 3 and printed no JSON object" in found.error


@pytest.mark.parametrize(
    ("text", "called"),
    [
        ("def evaluate(program_path): ...", True),
        ("async def evaluate(program_path, verbose=False, *, k=1): ...", True),
        ("def evaluate(program_path='x'): ...", True),
        ("def evaluate(program_path, results_dir): ...", False),
        ("def evaluate(): ...", False),
        ("def main(): ...", False),
        ("class A:\n    def evaluate(self): ...", False),
        ("def evaluate(path): ...\nparser.add_argument('--results_dir')", False),
        ("from shinka.core import run_shinka_eval\ndef evaluate(path): ...", False),
        ("from shinka.core import run_judge\ndef evaluate(path): ...\nrun_judge(evaluate, *sys.argv[1:])", False),
        ("def evaluate(path): ...\nopen('correct.json')", False),
        ("def evaluate(path): ...\nif __name__ == '__main__':\n    run(args.results_dir)", False),
        ("def evaluate(path): ...\nwith open(f'{out}/correct.json') as f: f.write(s)", False),
        ("def evaluate(path): open('metrics.json')", True),
        ("def run(results_dir): ...\ndef evaluate(path): ...", True),
        ("def evaluate(*args): ...", True),
        ("import sys\nif sys.path:\n    def evaluate(path): ...\nelse:\n    def evaluate(): ...", True),
        ("try:\n    import x\nexcept ImportError:\n    def evaluate(path): ...", True),
        ("if __name__ == '__main__':\n    def evaluate(path): ...", False),
        ("import sys\nsys.path.insert(0, '.')\nfrom lib import evaluate", True),
        ("from lib import score as evaluate", True),
        ("from lib import *", True),
        ("from lib import *\nmain()", False),
        ("from lib import evaluate\nif __name__ == '__main__':\n    evaluate()", False),
        ("evaluate = partial(score, n=1)", True),
        ("evaluate: Callable = Judge()", True),
        ("evaluate = None", False),
        ("def evaluate(path) ...", False),
    ],
)
def test_by_its_text_alone_an_evaluator_is_a_function_or_a_script(text: str, called: bool) -> None:
    assert is_function(text) is called


@pytest.mark.parametrize(
    ("path", "text", "prints"),
    [
        ("evaluator/evaluate.sh", SHELL, True),
        ("evaluator/evaluate.sh", 'exec python3 real.py "$@"', False),
        ("task/evaluate.sh", SHELL, False),
        ("evaluator/run.sh", SHELL, False),
    ],
)
def test_a_shell_script_prints_its_result_where_skydiscover_has_it(path: str, text: Any, prints: bool) -> None:
    assert prints_json(Path(path), text) is prints
