"""Evolutions that nobody names, started in one second, and namesakes: none takes another for itself."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.generation import generation
from flows.orchestrator.crashed_runs import closing_leftovers
from flows.orchestrator.identity import OWNER, SEEN, current_flow_run, known_place, sign
from flows.orchestrator.parent_run import parent_run
from flows.orchestrator.server_calls import ServerCalls
from shinka_core.database.ownership import this_process
from shinka_core.naming import Place
from shinka_core.program import GenerationState
from tests.support.deployed import programs
from tests.support.prefect import ROOT, environment_for
from tests.support.runs import TASK, flow_runs

IN_ONE_PROCESS = f"""
import asyncio
from shinka import AsyncEvolutionRunner, DatabaseConfig, EvolutionConfig, LocalJobConfig

def runner(seed):
    return AsyncEvolutionRunner(
        EvolutionConfig(init_program_path={str(TASK / "initial.py")!r}, num_generations=2, seed=seed, embedding_model=None),
        LocalJobConfig(eval_program_path={str(TASK / "evaluate.py")!r}, isolation="limits"), verbose=False,
    )

async def main():
    for summary in await asyncio.gather(runner(1).run(), runner(2).run()):
        print(summary.evolution, summary.programs)

asyncio.run(main())
"""


@pytest.mark.slow
def test_command_lines_of_one_second_have_folders_of_their_own(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    environment = environment_for(prefect_api, prefect_home, PYTHONPATH=str(ROOT))
    command = [sys.executable, str(ROOT / "flows" / "evolve.py"), str(TASK), "--generations", "2", "--seed"]
    sweep = [
        subprocess.Popen(
            [*command, str(seed)],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for seed in range(2)
    ]
    outputs = [process.communicate(timeout=240)[0] for process in sweep]
    assert [process.returncode for process in sweep] == [0, 0], outputs
    assert [programs(folder) for folder in (tmp_path / "results").iterdir()] == [3, 3]


@pytest.mark.slow
def test_runners_of_one_process_have_folders_of_their_own(tmp_path: Path, prefect_api: str, prefect_home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IN_ONE_PROCESS], cwd=tmp_path, capture_output=True, text=True, timeout=240,
        env=environment_for(prefect_api, prefect_home, PYTHONPATH=str(ROOT)),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.split("\n")[:2]
    assert all(line.endswith(" 3") for line in lines)
    assert {line.split()[0] for line in lines} == {folder.name for folder in (tmp_path / "results").iterdir()}


async def test_generations_that_an_earlier_attempt_left_running_end_as_the_journal_says(prefect_api: str) -> None:
    final = {3: GenerationState.RECORDED, 4: GenerationState.FAILED}
    left: dict[str, str] = {}

    @flow(name="evolve")
    async def again() -> None:
        async with ServerCalls() as calls, parent_run(generation, calls) as parent:
            for evolution, number in (("mine", 3), ("mine", 4), ("mine", 5), ("another", 3)):
                name = f"{evolution} {number}"
                left[str((await parent.begin(name, {"evolution": evolution, "number": number})).id)] = name
            async with closing_leftovers("mine", final):
                pass

    with temporary_settings({PREFECT_API_URL: prefect_api}):
        await again()
    ends = {left[run["id"]]: run["state"] for run in flow_runs(prefect_api, id={"any_": list(left)})}
    assert {name: state["type"] for name, state in ends.items()} == {
        "mine 3": "COMPLETED", "mine 4": "FAILED", "mine 5": "CRASHED", "another 3": "CRASHED",
    }  # fmt: skip
    assert ends["mine 3"]["message"] == "its process ended before it could tell; the generation was recorded"


@pytest.mark.slow
async def test_a_run_is_closed_by_its_process_not_by_its_name(tmp_path: Path, prefect_api: str) -> None:
    place = Place("namesake", tmp_path / "r")
    elsewhere = json.dumps({"host": "elsewhere", "processes": "", "pid": 1, "start": "1"})
    gone = json.dumps(json.loads(this_process()) | {"start": "1"})
    left: dict[str, str] = {}

    @flow(name="evolve")
    async def evolve(kind: str, labels: dict[str, str]) -> None:
        await sign(place)
        current = current_flow_run()
        assert current is not None
        left[kind] = str(current.id)
        if labels:
            async with get_client() as client:
                await client.update_flow_run_labels(current.id, labels)
        await ended.wait()

    @flow(name="evolve")
    async def next_one() -> None:
        await sign(Place("another", tmp_path / "other"))
        async with closing_leftovers("another", {}):
            assert known_place() == Place("another", tmp_path / "other")

    ended = asyncio.Event()
    kinds = {
        "living": {},
        "killed": {OWNER: gone},
        "elsewhere": {OWNER: elsewhere},
        # It began a moment ago, so that the signature is of an attempt before; a long silence is in test_crashed_runs.py.
        "elsewhere, signed long ago": {OWNER: elsewhere, SEEN: "2020-01-01T00:00:00+00:00"},
    }
    with temporary_settings({PREFECT_API_URL: prefect_api}):
        running = [asyncio.create_task(evolve(kind, labels, return_state=True)) for kind, labels in kinds.items()]
        while len(left) < len(kinds):
            await asyncio.sleep(0.05)
        await asyncio.sleep(1)  # the last one has written its labels
        await next_one()
        states = {kind: flow_runs(prefect_api, id={"any_": [found]})[0] for kind, found in left.items()}
        ended.set()
        await asyncio.gather(*running)
    assert {run["name"] for run in states.values()} == {"namesake"}
    assert {kind: run["state"]["type"] for kind, run in states.items()} == {
        "living": "RUNNING", "killed": "CRASHED", "elsewhere": "RUNNING", "elsewhere, signed long ago": "RUNNING",
    }  # fmt: skip
