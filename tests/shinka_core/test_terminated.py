"""Evaluations that are asked to end while the run is being stopped are run again; otherwise it was the program.

With real evaluations and the real journal, but no orchestrator.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from shinka_core import generation as steps
from shinka_core.config import DatabaseConfig, EvolutionConfig, LocalJobConfig
from shinka_core.errors import RunStoppedError
from shinka_core.program import Evaluation
from shinka_core.run import Run, RunSettings, open_run
from tests.support.runs import TASK, rows

# Half way through writing its results it ends itself, as long as there is a file that says so.
EVALUATOR = """
import argparse, json, os, pathlib, signal
parser = argparse.ArgumentParser()
parser.add_argument("--program_path"); parser.add_argument("--results_dir")
a = parser.parse_args()
out = pathlib.Path(a.results_dir)
(out / "metrics.json").write_text(json.dumps({"combined_score": 1.0}))
if (pathlib.Path(__file__).parent / "deadly").exists():
    os.kill(os.getpid(), signal.SIGTERM)
(out / "correct.json").write_text(json.dumps({"correct": True, "error": None}))
"""


def settings(folder: Path) -> RunSettings:
    evaluator = folder / "evaluate.py"
    evaluator.write_text(EVALUATOR)
    evolution = EvolutionConfig(num_generations=1, init_program_path=str(TASK / "initial.py"))
    job = LocalJobConfig(eval_program_path=str(evaluator))
    return RunSettings("terminated", folder / "r", evolution, job, DatabaseConfig(), 1, 1)


async def evaluated(run: Run) -> Evaluation:
    opened = await steps.open_generation(run, 1)  # a seed program that fails is evaluated again anyway
    return await steps.evaluate(opened, await steps.submit(opened, run.seed_program.source))


@pytest.mark.parametrize("after", [None, 0.3], ids=["stopped-before", "stopped-a-moment-later"])
async def test_ended_with_the_run_it_is_evaluated_again(tmp_path: Path, after: float | None) -> None:
    deadly = tmp_path / "deadly"
    deadly.touch()
    chosen = settings(tmp_path)
    async with open_run(chosen, resume=False) as run:

        async def stop() -> None:
            await asyncio.sleep(after or 0.0)
            run.control.stop("interrupted")

        stopping = asyncio.create_task(stop())
        with pytest.raises(RunStoppedError, match="interrupted"):
            await evaluated(run)
        await stopping
    assert rows(chosen.results_dir, "SELECT state FROM generations") == [("submitted",)]
    deadly.unlink()
    async with open_run(chosen, resume=True) as run:
        evaluation = await evaluated(run)
    assert (evaluation.score, evaluation.correct) == (1.0, True)


async def test_ended_by_itself_it_is_a_verdict_that_stays(tmp_path: Path) -> None:
    deadly = tmp_path / "deadly"
    deadly.touch()
    chosen = settings(tmp_path)
    async with open_run(chosen, resume=False) as run:
        first = await evaluated(run)
    deadly.unlink()
    async with open_run(chosen, resume=True) as run:
        assert await evaluated(run) == first, "read from the journal"
    assert (first.correct, first.reason) == (False, "terminated")


# Catches the signal that it sends itself: leaves with an error, or says in its results that it was no good.
CATCHING = """
import argparse, json, os, pathlib, signal, sys
parser = argparse.ArgumentParser()
parser.add_argument("--program_path"); parser.add_argument("--results_dir")
a = parser.parse_args()
out = pathlib.Path(a.results_dir)
def caught(number, frame):
    if HOW == "says-so":
        (out / "metrics.json").write_text(json.dumps({"combined_score": 0.0}))
        (out / "correct.json").write_text(json.dumps({"correct": False, "error": "SystemExit: 1"}))
        sys.exit(0)
    sys.exit(143 if HOW == "as-a-shell" else 1)
signal.signal(signal.SIGTERM, caught)
if (pathlib.Path(__file__).parent / "deadly").exists():
    os.kill(os.getpid(), signal.SIGTERM)
(out / "metrics.json").write_text(json.dumps({"combined_score": 1.0}))
(out / "correct.json").write_text(json.dumps({"correct": True, "error": None}))
"""


@pytest.mark.parametrize("how", ["leaves", "says-so", "as-a-shell"])
async def test_one_that_catches_the_signal_is_no_verdict_either(tmp_path: Path, how: str) -> None:
    chosen = settings(tmp_path)
    (tmp_path / "evaluate.py").write_text(f"HOW = {how!r}\n{CATCHING}")
    deadly = tmp_path / "deadly"
    deadly.touch()
    async with open_run(chosen, resume=False) as run:
        run.control.stop("interrupted", interrupted=True)
        with pytest.raises(RunStoppedError, match="interrupted"):
            await evaluated(run)
    assert rows(chosen.results_dir, "SELECT state FROM generations") == [("submitted",)]
    deadly.unlink()
    async with open_run(chosen, resume=True) as run:
        evaluation = await evaluated(run)
    assert (evaluation.score, evaluation.correct) == (1.0, True)


@pytest.mark.parametrize("how", ["leaves", "says-so"])
async def test_when_nobody_stops_the_run_it_is_a_verdict(tmp_path: Path, how: str) -> None:
    chosen = settings(tmp_path)
    (tmp_path / "evaluate.py").write_text(f"HOW = {how!r}\n{CATCHING}")
    (tmp_path / "deadly").touch()
    async with open_run(chosen, resume=False) as run:
        run.control.stop("the budget is spent")  # the run ends by itself, so nobody has sent a signal
        assert (await evaluated(run)).reason == {"leaves": "crashed", "says-so": "not_correct"}[how]


async def test_a_verdict_of_success_stays_one_while_the_run_is_being_stopped(tmp_path: Path) -> None:
    async with open_run(settings(tmp_path), resume=False) as run:
        run.control.stop("interrupted", interrupted=True)
        assert (await evaluated(run)).correct
