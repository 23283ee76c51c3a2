"""What the Prefect server hears of a task run: every state that lasts, and always the last one."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import State, TaskRun
from prefect.states import AwaitingRetry, Completed, Pending, Retrying, Running

from flows.orchestrator import lasting_states as task_events
from flows.orchestrator.lasting_states import lasting_states
from tests.support import local_http
from tests.support.prefect import ROOT, environment_for
from tests.support.runs import TASK, ServerProcess

STEPS = ["evaluate", "novelty", "patch", "query", "record", "sample", "submit"]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    names: list[str] = []

    def send(task_run: TaskRun, initial: State[Any] | None, state: State[Any], follows: Any = None) -> None:
        names.append(str(state.name))

    monkeypatch.setattr(task_events, "emit_task_run_state_change_event", send)
    return names


def run_of_a_task() -> TaskRun:
    return TaskRun(id=uuid4(), task_key="t", dynamic_key="0", flow_run_id=None)


async def test_states_that_are_over_at_once_are_not_sent(sent: list[str]) -> None:
    run = run_of_a_task()
    with lasting_states(patience=0.2) as report:
        for state in (Pending(), Running(), Completed()):
            report(run, None, state)
        await asyncio.sleep(0.4)
        assert not report.held
    assert sent == ["Completed"]


async def test_a_state_that_lasts_is_sent_once(sent: list[str]) -> None:
    run = run_of_a_task()
    with lasting_states(patience=0.1) as report:
        report(run, None, Pending())
        report(run, None, Running())
        await asyncio.sleep(0.3)
        assert sent == ["Running"]
        report(run, None, Completed())
    assert sent == ["Running", "Completed"]


async def test_a_retry_is_always_sent(sent: list[str]) -> None:
    run = run_of_a_task()
    with lasting_states(patience=0.1) as report:
        for state in (Running(), AwaitingRetry(), Retrying(), Completed()):
            report(run, None, state)
    assert sent == ["AwaitingRetry", "Completed"]


async def test_what_is_held_at_the_end_is_dropped(sent: list[str]) -> None:
    with lasting_states(patience=0.05) as report:
        report(run_of_a_task(), None, Running())
    await asyncio.sleep(0.15)
    assert sent == []


@pytest.mark.slow
def test_the_server_shows_a_long_step_while_it_runs_and_every_step_when_it_is_over(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    def task_runs(flow_run: str = "gen-0001", **chosen: Any) -> list[dict[str, Any]]:
        body = {"task_runs": chosen, "flow_runs": {"name": {"like_": flow_run}}}
        body["flow_runs"] |= {"start_time": {"after_": started}}
        response = local_http.post(f"{prefect_api}/task_runs/filter", json=body)
        response.raise_for_status()
        return response.json()

    started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    model = ServerProcess("--latency", "7")
    run = subprocess.Popen(
        [sys.executable, "flows/evolve.py", str(TASK), "--generations", "1", "--model", "m", "--base-url", model.url,
         "--results", str(tmp_path / "r"), "--name", "one-long-step"],
        cwd=ROOT, env=environment_for(prefect_api, prefect_home), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    seen: set[str] = set()
    while run.poll() is None:
        seen |= {found["name"].split()[0] for found in task_runs(state={"type": {"any_": ["RUNNING"]}})}
        time.sleep(0.3)
    assert run.returncode == 0, run.stdout and run.stdout.read()
    model.close()
    assert "query" in seen
    deadline = time.monotonic() + 10
    while len(found := task_runs()) < len(STEPS) and time.monotonic() < deadline:
        time.sleep(0.3)
    assert sorted(step["name"].split()[0] for step in found) == STEPS
    for step in found:
        assert (step["state_type"], step["run_count"]) == ("COMPLETED", 1)
        assert started < step["start_time"] <= step["end_time"]
    query = next(step for step in found if step["name"].startswith("query"))
    assert query["total_run_time"] >= 7
    # What all generations hang below is theirs together, and takes on the state of none.
    (shared,) = task_runs("one-long-step")
    assert (shared["name"], shared["state_name"]) == ("generations", "Completed")
