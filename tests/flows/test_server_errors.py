"""A Prefect server that answers errors, or has forgotten everything: no generation is left out, and the run ends."""

from __future__ import annotations

import asyncio
import time
import uuid
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from prefect.client.schemas.objects import FlowRun

from flows.orchestrator import artifacts, parent_run
from flows.orchestrator.artifacts import Board
from flows.orchestrator.parent_run import begin_flow_run
from flows.orchestrator.server_calls import ServerCalls
from shinka_core.progress import Progress
from tests.flows.test_generation import runner
from tests.support import local_http
from tests.support.prefect import PLAIN_LOG, PLAIN_SERVER, ROOT, own_home, serving
from tests.support.runs import TASK, begin, flow_runs, model_server, rows, settings_for, wait_until


def no_generation_is_left_out(results: Path, count: int) -> None:
    assert rows(results, "SELECT count(*), count(DISTINCT generation) FROM programs") == [(count + 1, count + 1)]
    assert rows(results, "SELECT DISTINCT state FROM generations") == [("recorded",)]


@pytest.mark.parametrize("status", [503, *(pytest.param(status, marks=pytest.mark.slow) for status in (500, 429))])
async def test_errors_for_a_while_leave_no_generation_out(
    status: int, tmp_path: Path, prefect_api: str, prefect_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, name = [None] * 6, f"errors-{uuid.uuid4().hex[:8]}"

    async def refusing(request: Any, client: Any) -> Any:
        if left and request.name != "gen-0000":
            left.pop()
            response = httpx.Response(status, request=httpx.Request("POST", f"{prefect_api}/flow_runs/"))
            raise httpx.HTTPStatusError("an error", request=response.request, response=response)
        return await begin_flow_run(request, client)

    monkeypatch.setattr(parent_run, "begin_flow_run", refusing)
    with settings_for(prefect_api, prefect_home):
        summary = await runner(tmp_path / "r", num_generations=8, name=name, jobs={"max_proposal_jobs": 3}).run()
    assert (left, summary.stopped_early, summary.failures) == ([], "", {})
    no_generation_is_left_out(tmp_path / "r", 8)
    (evolution,) = flow_runs(prefect_api, name={"any_": [name]})
    assert len(flow_runs(prefect_api, parent_flow_run_id={"any_": [evolution["id"]]})) == 9


@pytest.mark.slow
def test_a_server_whose_database_is_emptied_under_a_run_costs_what_the_ui_shows_alone(tmp_path: Path) -> None:
    home, results, name = tmp_path / "home", tmp_path / "r", "forgotten"
    home.mkdir()
    # Not one whose log is looked through: the server takes exception to flow runs of a flow that it does not know.
    with (
        serving(PLAIN_SERVER, own_home(home), ROOT, tmp_path / PLAIN_LOG) as api,
        model_server("--latency", "0.2") as model,
    ):
        run = begin(
            str(TASK), "--generations", "40", "--max-proposal-jobs", "2", "--model", "m", "--base-url", model.url,
            "--results", str(results), "--name", name, api=api, home=home,
        )  # fmt: skip
        wait_until(lambda: model.stats()["requests"] >= 8)
        for each in local_http.post(f"{api}/flows/filter", json={}).json():
            local_http.delete(f"{api}/flows/{each['id']}").raise_for_status()
        output, _ = run.communicate(timeout=300)
        assert run.returncode == 0, output
        assert "Traceback" not in output
        assert model.stats()["requests"] == 40
        no_generation_is_left_out(results, 40)
        assert [found["state_type"] for found in flow_runs(api, name={"any_": [name]})] == ["COMPLETED"]
        assert flow_runs(api, name={"like_": "gen-0040"})


async def test_nobody_waits_for_the_progress_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifacts, "current_flow_run", lambda: FlowRun(flow_id=uuid.uuid4()))

    class Silent(ServerCalls):
        async def call(self, what: str, request: Any) -> Any:
            asked.append(what)
            await asyncio.sleep(600)

    asked: list[str] = []
    run: Any = SimpleNamespace(progress=Progress(total=1), settings=SimpleNamespace(results_dir=Path()))
    started = time.monotonic()
    async with Board(run, Silent()).shown():
        await asyncio.sleep(0)
    assert asked == ["move the progress bar"]
    assert time.monotonic() - started < 1
