"""A generation is closed whatever happens inside it."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from pathlib import Path

from tests.flows.test_evolve import TASK, flow_runs, rows
from tests.support.prefect import ROOT, environment_for, evolve

SCRIPT = """
import asyncio, sys
from prefect.exceptions import PrefectHTTPStatusError, PrefectException
import shinka_core.generation as steps
from flows.runner import AsyncEvolutionRunner
from shinka_core.config import EvolutionConfig, LocalJobConfig

task, results = sys.argv[1:]
submit = steps.submit
cut_off = []

async def breaking(generation, code):
    number = generation.context.number
    if number == 3:
        raise ZeroDivisionError("a bug")
    if number == 5 and not cut_off:
        cut_off.append(number)
        raise PrefectException("the server went away")
    return await submit(generation, code)

steps.submit = breaking
runner = AsyncEvolutionRunner(
    EvolutionConfig(num_generations=8, init_program_path=task + "/initial.py", results_dir=results),
    LocalJobConfig(eval_program_path=task + "/evaluate.py"), verbose=False, max_proposal_jobs=3,
)
summary = asyncio.run(runner.run())
assert cut_off == [5]
print(summary.programs, summary.failures)
"""


def test_a_bug_is_a_recorded_failure_and_a_cut_off_flow_run_is_repeated(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    results = tmp_path / "r"
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(TASK), str(results)],
        cwd=ROOT, env=environment_for(prefect_api, prefect_home), capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert rows(results, "SELECT state, count(*) FROM generations GROUP BY 1 ORDER BY 1") == [
        ("failed", 1),
        ("recorded", 8),
    ]
    assert rows(results, "SELECT number, failure_step, failure_reason FROM generations WHERE state = 'failed'") == [
        (3, "generation", "ZeroDivisionError")
    ]
    assert json.loads((results / "summary.json").read_text())["failures"] == {"generation: ZeroDivisionError": 1}


def test_generations_run_as_ordinary_subflows_too(tmp_path: Path, prefect_api: str, prefect_home: Path) -> None:
    results = tmp_path / "r"
    name = f"plain-{uuid.uuid4().hex[:8]}"
    done = evolve(
        str(TASK), "--generations", "4", "--results", str(results), "--name", name,
        api=prefect_api, home=prefect_home, SHINKA_PLAIN_SUBFLOWS="1",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert rows(results, "SELECT state, count(*) FROM generations GROUP BY 1") == [("recorded", 5)]
    (evolution,) = flow_runs(prefect_api, name={"any_": [name]})
    children = flow_runs(prefect_api, parent_flow_run_id={"any_": [evolution["id"]]})
    assert {child["name"]: child["state_type"] for child in children} == {
        f"gen-{number:04d}": "COMPLETED" for number in range(5)
    }
    assert len({child["parent_task_run_id"] for child in children}) == 5
