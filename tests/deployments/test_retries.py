"""A flow run that Prefect runs again continues its evolution: by retry, after a crash, after a suspension."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import local_http
from tests.support.deployed import Server, count, kill_tree, make_task, programs, quick, wait_until
from tests.support.prefect import evolve
from tests.support.runs import generation_of

pytestmark = pytest.mark.slow


@pytest.fixture
def worker(server: Server) -> Iterator[Server]:
    with server.worker():
        yield server


@pytest.mark.other_prefect
def test_a_cancelled_run_without_a_name_continues_when_it_is_retried(worker: Server, tmp_path: Path) -> None:
    flow_run, results = worker.under_way("circle-packing", **quick(make_task(tmp_path / "task"), 0.5, 60))
    name = worker.run(flow_run)["name"]
    assert results == worker.project / "results" / name
    worker.cancel(flow_run)
    cancelled = worker.wait(flow_run)
    assert cancelled["state"]["type"] == "CANCELLED"
    before = programs(results)
    assert 4 <= before < 61
    worker.until_the_worker_rests()
    worker.prefect("flow-run", "retry", flow_run)
    worker.wait(flow_run, {"RUNNING"})
    ended = worker.wait(flow_run)
    assert (ended["state"]["type"], ended["name"], ended["run_count"]) == ("COMPLETED", name, 2), ended["state"]
    assert worker.results_of(flow_run) == results
    assert programs(results) == 61
    assert count(results, "SELECT count(*) FROM evolutions") == 1


def test_a_suspended_run_comes_to_rest_and_goes_on_when_it_is_resumed(worker: Server, tmp_path: Path) -> None:
    flow_run, results = worker.under_way("circle-packing", **quick(make_task(tmp_path / "task"), 0.5, 60))
    asked = worker.set_state(
        flow_run, "PAUSED", "Suspended", pause_reschedule=True, pause_timeout="2100-01-01T00:00:00Z"
    )
    assert asked["status"] == "ACCEPT", asked
    wait_until(lambda: count(results, "SELECT count(*) FROM evolutions WHERE state = 'stopped'") == 1)
    before = programs(results)
    assert before < 61
    assert count(results, "SELECT count(*) FROM generations WHERE state = 'failed'") == 0
    assert worker.run(flow_run)["state"]["name"] == "Suspended"
    children = worker.runs(parent_flow_run_id={"any_": [flow_run]})
    assert {child["state"]["type"] for child in children} <= {"COMPLETED", "CANCELLED"}
    worker.post(f"flow_runs/{flow_run}/resume", {})
    ended = worker.wait(flow_run)
    assert ended["state"]["type"] == "COMPLETED", ended["state"]
    assert programs(results) == 61


def test_the_runs_of_a_killed_worker_are_handed_to_the_next_worker_by_the_next_evolution(
    server: Server, tmp_path: Path
) -> None:
    task = make_task(tmp_path / "task")
    with server.worker() as process:
        flow_run, results = server.under_way("circle-packing", **quick(task, 0.5, 30))
        kill_tree(process.pid)
    before = programs(results)
    assert server.run(flow_run)["state"]["type"] == "RUNNING", "nobody knows"
    other = evolve(
        str(task), "--generations", "2", "--results", str(tmp_path / "r"), api=server.api, home=server.home
    )  # fmt: skip
    assert other.returncode == 0, other.stdout + other.stderr
    handed = server.run(flow_run)
    assert handed["state"]["name"] == "AwaitingRetry"
    assert "the next worker continues it" in handed["state"]["message"]
    history = local_http.get(f"{server.api}/flow_run_states/", params={"flow_run_id": flow_run}).json()
    assert "CRASHED" in [state["type"] for state in history], "what happened stays to be seen"
    assert server.runs(parent_flow_run_id={"any_": [flow_run]}, state={"type": {"any_": ["RUNNING"]}}) == []
    with server.worker():
        ended = server.wait(flow_run)
    assert ended["state"]["type"] == "COMPLETED", ended["state"]
    assert before < programs(results) == 31
    generations = server.runs(parent_flow_run_id={"any_": [flow_run]}, state={"type": {"any_": ["COMPLETED"]}})
    assert set(map(generation_of, generations)) == {f"gen-{number:04d}" for number in range(31)}, (
        "also those that were recorded and could not say so before the kill"
    )


def test_a_run_outlives_its_worker(server: Server, tmp_path: Path) -> None:
    with server.worker() as process:
        flow_run, results = server.under_way("circle-packing", **quick(make_task(tmp_path / "task"), 0.5, 30))
        process.kill()
        ended = server.wait(flow_run)
    assert ended["state"]["type"] == "COMPLETED", server.story(flow_run)
    assert programs(results) == 31
    assert (results / "summary.json").exists()


def test_a_run_that_failed_in_its_seed_program_continues_when_the_evaluator_is_mended(
    worker: Server, tmp_path: Path
) -> None:
    task = make_task(tmp_path / "task")
    working = (task / "evaluate.py").read_text()
    (task / "evaluate.py").write_text("raise RuntimeError('no data file')\n")
    flow_run = worker.start("circle-packing", **quick(task, generations=3))
    failed = worker.wait(flow_run)
    assert failed["state"]["type"] == "FAILED"
    assert "no data file" in failed["state"]["message"]
    (task / "evaluate.py").write_text(working)
    worker.retry(flow_run)
    worker.wait(flow_run, {"RUNNING", "COMPLETED"})
    ended = worker.wait(flow_run)
    assert (ended["state"]["type"], ended["run_count"]) == ("COMPLETED", 2), ended["state"]
    results = worker.results_of(flow_run)
    assert programs(results) == 4
    assert count(results, "SELECT correct FROM programs WHERE generation = 0") == 1
