"""What somebody asks of a flow run in the Prefect UI reaches the evolution."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect import flow
from prefect.client.schemas.objects import State
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.orchestrator.flow_run_watch import watch_flow_run
from flows.orchestrator.identity import current_flow_run
from tests.flows.test_stopping import GENERATIONS, Stopped
from tests.support.runs import flow_runs, rows, wait_until

PERIOD = 0.1


class Told:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def on_cancel(self) -> None:
        self.words.append("cancel")

    def on_suspend(self, state: State[Any]) -> None:
        self.words.append(f"suspend {state.name}")

    def on_pause(self) -> None:
        self.words.append("pause")

    def on_resume(self) -> None:
        self.words.append("resume")


async def ask(api: str, path: str, **body: Any) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(f"{api}/flow_runs/{path}", json=body)
        assert answer.json()["status"] == "ACCEPT", answer.text


async def watched(api: str, *steps: tuple[str, str]) -> list[str]:
    """What is told of a flow run whose state is set step by step."""
    told = Told()

    @flow(name="watched")
    async def watched_flow() -> None:
        current = current_flow_run()
        assert current is not None
        watch = asyncio.create_task(watch_flow_run(told, PERIOD))
        for kind, name in steps:
            before = len(told.words)
            if kind == "RESUME":
                await ask(api, f"{current.id}/resume")
            else:
                await ask(api, f"{current.id}/set_state", state={"type": kind, "name": name}, force=False)
            while len(told.words) == before:
                await asyncio.sleep(0.05)
        done, _ = await asyncio.wait([watch], timeout=4 * PERIOD)
        told.words.append("over" if done else "watching")
        watch.cancel()

    with temporary_settings({PREFECT_API_URL: api}):
        await watched_flow(return_state=True)
    return told.words


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([("CANCELLING", "Cancelling")], ["cancel", "over"]),
        ([("PAUSED", "Paused"), ("RESUME", "")], ["pause", "resume", "watching"]),
        ([("PAUSED", "Paused"), ("RESUME", ""), ("PAUSED", "Paused"), ("CANCELLED", "Cancelled")],
         ["pause", "resume", "pause", "cancel", "over"]),
        ([("PAUSED", "Paused"), ("FAILED", "Failed")], ["pause", "cancel", "over"]),  # nobody resumed it in time
        ([("PAUSED", "Suspended")], ["suspend Suspended", "over"]),
    ],
)  # fmt: skip
async def test_each_wish_is_told_once(prefect_api: str, steps: list[tuple[str, str]], words: list[str]) -> None:
    assert await watched(prefect_api, *steps) == words


def test_a_paused_run_begins_no_proposal_until_it_is_resumed(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    run = Stopped(tmp_path, prefect_api, prefect_home, "paused-in-the-ui")
    run.wait_for_evaluations()
    (outer,) = flow_runs(prefect_api, name={"any_": [run.name]})
    body: dict[str, Any] = {"state": {"type": "PAUSED", "name": "Paused"}, "force": False}
    httpx.post(f"{prefect_api}/flow_runs/{outer['id']}/set_state", json=body, trust_env=False).raise_for_status()
    wait_until(lambda: "no new proposals" in run.output)
    run.let_evaluations_end()
    wait_until(lambda: len(run.recorded()) == run.model.stats()["requests"])  # what had begun goes on to its end
    time.sleep(2)
    assert run.process.poll() is None
    assert len(run.recorded()) == run.model.stats()["requests"] < GENERATIONS
    httpx.post(f"{prefect_api}/flow_runs/{outer['id']}/resume", json={}, trust_env=False).raise_for_status()
    assert run.process.wait(timeout=120) == 0, run.output
    assert len(run.recorded()) == GENERATIONS
    assert rows(run.results, "SELECT count(*) FROM generations WHERE state = 'failed'") == [(0,)]
    run.model.close()
