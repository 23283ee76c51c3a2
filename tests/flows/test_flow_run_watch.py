"""What somebody asks of a flow run in the Prefect UI reaches the evolution."""

from __future__ import annotations

import asyncio
import functools
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from prefect import flow
from prefect.client.schemas.objects import State
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.orchestrator.flow_run_watch import watch_flow_run
from flows.orchestrator.identity import current_flow_run
from shinka_core.config import EvolutionConfig, LocalJobConfig
from tests.flows.test_stopping import AT_ONCE, GENERATIONS, Stopped, gated_task
from tests.support import local_http
from tests.support.model_server import ModelServer, Script
from tests.support.runs import flow_runs, rows, settings_for, wait_until

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
    async with httpx.AsyncClient(trust_env=False, verify=False) as client:
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


@pytest.mark.slow
async def test_a_paused_run_begins_no_proposal_until_it_is_resumed(
    tmp_path: Path,
    prefect_api: str,
    prefect_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    from flows.runner import AsyncEvolutionRunner

    monkeypatch.setattr("flows.stopping.watch_flow_run", functools.partial(watch_flow_run, period=PERIOD))
    task, results, name = gated_task(tmp_path / "task"), tmp_path / "r", "paused-here"

    def recorded() -> int:
        ((count,),) = rows(results, "SELECT count(*) FROM generations WHERE number > 0 AND state = 'recorded'")
        return count

    with settings_for(prefect_api, prefect_home), caplog.at_level(logging.WARNING, "shinka"):
        async with ModelServer(Script(latency=0.1)) as model:
            runner = AsyncEvolutionRunner(
                EvolutionConfig(
                    init_program_path=str(task / "initial.py"), results_dir=str(results), num_generations=GENERATIONS,
                    llm_models=["m"], llm_base_url=model.url,
                ),
                LocalJobConfig(eval_program_path=str(task / "evaluate.py"), isolation="limits"),
                max_proposal_jobs=AT_ONCE, max_evaluation_jobs=AT_ONCE, verbose=False, name=name,
            )  # fmt: skip
            running = asyncio.create_task(runner.run())
            await until(lambda: len(model.requests) >= AT_ONCE)
            (outer,) = flow_runs(prefect_api, name={"any_": [name]})
            await ask(prefect_api, f"{outer['id']}/set_state", state={"type": "PAUSED", "name": "Paused"}, force=False)
            await until(lambda: "no new proposals" in caplog.text)
            (task / "finish").touch()
            await until(lambda: recorded() == len(model.requests))  # what had begun goes on to its end
            await asyncio.sleep(10 * PERIOD)
            assert not running.done()
            assert recorded() == len(model.requests) < GENERATIONS
            await ask(prefect_api, f"{outer['id']}/resume")
            summary = await running
    assert (summary.programs, summary.failures) == (GENERATIONS + 1, {})


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(180):
        while not condition():
            await asyncio.sleep(0.05)


@pytest.mark.slow
def test_a_paused_run_in_a_process_of_its_own_begins_no_proposal_until_it_is_resumed(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    run = Stopped(tmp_path, prefect_api, prefect_home, "paused-in-the-ui")
    run.wait_for_evaluations()
    (outer,) = flow_runs(prefect_api, name={"any_": [run.name]})
    body: dict[str, Any] = {"state": {"type": "PAUSED", "name": "Paused"}, "force": False}
    local_http.post(f"{prefect_api}/flow_runs/{outer['id']}/set_state", json=body).raise_for_status()
    wait_until(lambda: "no new proposals" in run.output)
    run.let_evaluations_end()
    wait_until(lambda: len(run.recorded()) == run.model.stats()["requests"])  # what had begun goes on to its end
    time.sleep(2)
    assert run.process.poll() is None
    assert len(run.recorded()) == run.model.stats()["requests"] < GENERATIONS
    local_http.post(f"{prefect_api}/flow_runs/{outer['id']}/resume", json={}).raise_for_status()
    assert run.process.wait(timeout=300) == 0, run.output
    assert len(run.recorded()) == GENERATIONS
    assert rows(run.results, "SELECT count(*) FROM generations WHERE state = 'failed'") == [(0,)]
    run.model.close()
