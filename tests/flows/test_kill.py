"""A driver killed again and again at random moments loses nothing and pays nothing twice.

CI does it two hundred times (`SHINKA_TEST_KILLS`), a plain test run twenty.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.flows.test_evolve import TASK, rows
from tests.support.model_server import ModelServer, Script
from tests.support.prefect import ROOT, environment_for

KILLS = int(os.environ.get("SHINKA_TEST_KILLS", "20"))

# What had come less than this before a kill may still have been on its way to the database.
ON_THE_WAY = 0.25

EVALUATOR = """
import argparse, json, os, re, time
parser = argparse.ArgumentParser()
for name in ("program_path", "results_dir", "sleep", "count"):
    parser.add_argument("--" + name)
a = parser.parse_args()
number = re.search(r"gen_(\\d+)", a.program_path).group(1)
time.sleep(float(a.sleep))
with open(a.count, "a") as file:  # before the results: an evaluation killed in between counts, and is run again
    file.write(f"{number} {time.monotonic()}\\n")
for name, value in (("metrics", {"combined_score": float(number) % 7}), ("correct", {"correct": True, "error": None})):
    with open(os.path.join(a.results_dir, name + ".json"), "w") as file:
        json.dump(value, file)
"""


def explained(moment: float, kills: list[float]) -> bool:
    """Whether what happened then can have been in flight at a kill."""
    return any(kill - ON_THE_WAY <= moment for kill in kills if kill >= moment - ON_THE_WAY)


@pytest.mark.slow
@pytest.mark.timeout(1500)
async def test_kills_at_random_moments_lose_nothing_and_repeat_nothing(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    results, count, task = tmp_path / "r", tmp_path / "count", tmp_path / "task"
    task.mkdir()
    (task / "initial.py").write_text((TASK / "initial.py").read_text())
    (task / "evaluate.py").write_text(EVALUATOR)
    async with ModelServer(Script(latency=0.1)) as server:
        options = {
            "results": str(results),
            "url": server.url,
            "task": str(task),
            "count": str(count),
            "kills": KILLS,
            "seed": 11,
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.support.lives", json.dumps(options),
            cwd=ROOT, env=environment_for(prefect_api, prefect_home), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        output, errors = await process.communicate()
        assert process.returncode == 0, errors.decode()
        requests = list(server.requests)
        born = time.monotonic() - (time.monotonic() - server._started)
    told = json.loads(output.decode().strip().splitlines()[-1])
    kills, generations = told["kills"], told["generations"]
    assert (len(kills), told["ended_early"], told["last"]) == (KILLS, 0, 0), errors.decode()[-3000:]

    # Every generation is there once, recorded or failed, without hole or twin.
    states = rows(results, "SELECT number, state FROM generations ORDER BY number")
    assert [number for number, _ in states] == list(range(generations + 1))
    assert {state for _, state in states} <= {"recorded", "failed"}
    recorded = {number for number, state in states if state == "recorded"}
    assert {number for (number,) in rows(results, "SELECT generation FROM programs")} == recorded
    assert rows(results, "SELECT generation FROM programs WHERE NOT correct OR score != generation % 7") == []
    assert rows(results, "PRAGMA foreign_key_check") == []
    assert rows(results, "PRAGMA integrity_check") == [("ok",)]
    assert rows(
        results, "SELECT count(*) FROM island_members m LEFT JOIN programs p ON p.id = m.program_id WHERE p.id IS NULL"
    ) == [(0,)]

    # No answer that was stored is asked for again; one that was not was on its way when a kill came.
    stored = rows(
        results,
        "SELECT generation, purpose, attempt, turn, count(*) FROM model_calls WHERE status = 'answered' GROUP BY 1, 2, 3, 4",
    )
    assert all(times == 1 for *_, times in stored)
    answered = [request for request in requests if request.end]
    lost = len(answered) - len(stored)
    at_a_kill = sum(explained(born + request.end, kills) for request in answered)
    assert 0 <= lost <= at_a_kill

    # No evaluation that was finished is run again, with the same exception.
    finished: dict[int, list[float]] = {}
    for line in count.read_text().splitlines():
        number, moment = line.split()
        finished.setdefault(int(number), []).append(float(moment))
    for number, moments in finished.items():
        for moment in moments[:-1]:
            assert explained(moment, kills), f"generation {number} was evaluated {len(moments)} times: {moments}"
    assert recorded - {0} <= set(finished)
    print(
        f"{KILLS} kills, {generations} generations, {len(answered)} answers, {lost} lost on their way, "
        f"{sum(len(m) - 1 for m in finished.values())} evaluations cut off after their last line"
    )
