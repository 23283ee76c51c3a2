"""A driver killed again and again at random moments loses nothing and pays nothing twice.

Twenty times on each database (`SHINKA_TEST_KILLS` for another number). What counts as stored is what the
database says, with its times: an answer or an evaluation that was stored before a kill and is asked for or run again
after it is a fault, however close to the kill it was.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.support.model_server import ModelServer, Script
from tests.support.prefect import ROOT, environment_for
from tests.support.runs import TASK, Records

KILLS = int(os.environ.get("SHINKA_TEST_KILLS", "20"))

# As in `tests.support.lives`: so many questions are with the model at once.
PROPOSALS = 4

EVALUATOR = """
import argparse, json, os, re, time
parser = argparse.ArgumentParser()
for name in ("program_path", "results_dir", "sleep", "count"):
    parser.add_argument("--" + name)
a = parser.parse_args()
number = re.search(r"gen_(\\d+)", a.program_path).group(1)
time.sleep(float(a.sleep))
with open(a.count, "a") as file:  # before the results: an evaluation killed in between counts, and is run again
    file.write(f"{time.time()} {a.program_path}\\n")
for name, value in (("metrics", {"combined_score": float(number) % 7}), ("correct", {"correct": True, "error": None})):
    with open(os.path.join(a.results_dir, name + ".json"), "w") as file:
        json.dump(value, file)
"""


def moment(stored: str | datetime) -> float:
    """Seconds since the epoch of a time as the database has it; SQLite's is text without a zone."""
    if isinstance(stored, datetime):
        return stored.timestamp()
    return datetime.fromisoformat(stored).replace(tzinfo=UTC).timestamp()


def path_of(job: str | dict[str, Any]) -> str:
    """Of the program that a started evaluation evaluates; SQLite's row is text."""
    return (json.loads(job) if isinstance(job, str) else job)["program_path"]


@pytest.fixture
def own_database(database_url: str | None) -> str:
    """A database of this test alone, so that what it counts is its own; "" for the file in the results folder."""
    if database_url is None:
        return ""
    name = f"kills_{uuid.uuid4().hex}"

    async def create() -> None:
        connection = await asyncpg.connect(database_url)
        await connection.execute(f"CREATE DATABASE {name}")
        await connection.close()

    asyncio.run(create())
    return database_url.rsplit("/", 1)[0] + f"/{name}"


def within(moments: list[float], start: float, end: float) -> int:
    return sum(start < moment <= end for moment in moments)


@dataclass(frozen=True)
class Killed:
    """What became of the lives.

    Attributes:
        kills: When each was killed, in seconds since the epoch.
        on_the_way: Since when before that an answer may have been on its way into the database.
        generations: What the last, unharmed life was to reach.
        asked: When each question came and when its answer was about to be sent, as the model saw them.
    """

    kills: list[float]
    on_the_way: list[float]
    generations: int
    asked: list[tuple[float, float]]


async def killed_again_and_again(
    options: dict[str, Any], environment: dict[str, str], script: Script | None = None
) -> Killed:
    async with ModelServer(script or Script(latency=0.1)) as server:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.support.lives", json.dumps(options | {"url": server.url}),
            cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        output, errors = await process.communicate()
        assert process.returncode == 0, errors.decode()
        asked = [(request.came, request.said) for request in server.requests if request.said]
    told = json.loads(output.decode().strip().splitlines()[-1])
    assert (len(told["kills"]), told["ended_early"], told["last"]) == (options["kills"], 0, 0), errors.decode()[-3000:]
    return Killed(told["kills"], told["on_the_way"], told["generations"], asked)


@pytest.mark.slow
@pytest.mark.timeout(60 + 15 * KILLS)
def test_kills_at_random_moments_lose_nothing_and_repeat_nothing(
    tmp_path: Path, prefect_api: str, prefect_home: Path, own_database: str
) -> None:
    results, count, task = tmp_path / "r", tmp_path / "count", tmp_path / "task"
    task.mkdir()
    (task / "initial.py").write_text((TASK / "initial.py").read_text())
    (task / "evaluate.py").write_text(EVALUATOR)
    options = {
        "results": str(results),
        "task": str(task),
        "count": str(count),
        "database": own_database,
        "kills": KILLS,
        "seed": 11,
        "more": 60,  # twice the programs after which the best one is tuned first
    }
    killed = asyncio.run(killed_again_and_again(options, environment_for(prefect_api, prefect_home)))
    select, kills, generations, asked = Records(results, own_database), killed.kills, killed.generations, killed.asked

    # Every generation is there once, recorded or failed, without hole or twin.
    states = select("SELECT number, state FROM generations ORDER BY number")
    assert [number for number, _ in states] == list(range(generations + 1))
    assert {state for _, state in states} <= {"recorded", "failed"}
    recorded = {number for number, state in states if state == "recorded"}
    assert {number for (number,) in select("SELECT generation FROM programs")} == recorded
    assert select("SELECT generation FROM programs WHERE NOT correct OR score != generation % 7") == []
    if not own_database:
        assert select("PRAGMA foreign_key_check") == []
        assert select("PRAGMA integrity_check") == [("ok",)]
    assert select(
        "SELECT count(*) FROM island_members m LEFT JOIN programs p ON p.id = m.program_id WHERE p.id IS NULL"
    ) == [(0,)]

    # No question has two stored answers, and between two kills no answer is missing but the last ones.
    stored = select(
        "SELECT generation, purpose, attempt, turn, count(*) FROM model_calls WHERE status = 'answered' GROUP BY 1, 2, 3, 4",
    )
    assert all(times == 1 for *_, times in stored)
    written = [moment(at) for (at,) in select("SELECT created_at FROM model_calls WHERE status = 'answered'")]
    born = [0.0, *kills[:-1]]
    # What was asked in one life and answered before its end: the rest nobody was there to hear.
    heard = [
        [end for start, end in asked if first < start and end <= kill] for first, kill in zip(born, kills, strict=True)
    ]
    lost = [len(ends) - within(written, first, kill) for ends, first, kill in zip(heard, born, kills, strict=True)]
    on_their_way = [within(*lately) for lately in zip(heard, killed.on_the_way, kills, strict=True)]
    # Nobody asks again before an answer is stored, so that each of those who ask has one on its way at most. How long
    # it was is in the end the machine's affair, which may stand still for a second once in a while.
    assert all(0 <= missing <= PROPOSALS for missing in lost), lost
    slow = [life for life, missing in enumerate(lost) if missing > on_their_way[life]]
    assert len(slow) <= max(1, KILLS // 25), (
        f"lives {slow} lost {[lost[life] for life in slow]} answers, "
        f"{[on_their_way[life] for life in slow]} came just before their end"
    )
    assert sum(count > 0 for count in on_their_way) >= KILLS // 10, (
        "too few kills came while there was something to lose"
    )

    # No evaluation whose result was stored is run again: nothing was evaluated after it. A tuning has many, each in
    # a folder of its own.
    began: dict[str, list[float]] = {}
    for line in count.read_text().splitlines():
        at, program = line.split(" ", 1)
        began.setdefault(program, []).append(float(at))
    evaluated = select(
        "SELECT e.generation, s.payload, e.created_at FROM generation_steps e JOIN generation_steps s "
        "ON s.generation = e.generation AND s.turn = e.turn AND s.step = 'submitted' WHERE e.step = 'evaluated'"
    )
    programs = [(number, path_of(job), moment(at)) for number, job, at in evaluated]
    assert len(programs) == select("SELECT count(*) FROM generation_steps WHERE step = 'evaluated'")[0][0]
    assert {number for number, program, _ in programs if Path(program).parent.name == f"gen_{number}"} == recorded
    for _, program, at in programs:
        assert max(began[program]) <= at, f"{program} was evaluated again after {at}: {began[program]}"
    assert any(Path(program).parent.name != f"gen_{number}" for number, program, _ in programs), "nothing was tuned"
    print(
        f"{KILLS} kills, {generations} generations, {len(stored)} answers stored, {sum(lost)} lost on their way, "
        f"{sum(len(moments) - 1 for moments in began.values())} evaluations cut off after their last line"
    )
