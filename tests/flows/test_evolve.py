"""Whole runs: the command line, a real Prefect server, a scripted model, real evaluations.

The first and the last of them are processes of their own, as a user starts them; the others call the same
command in this process, which spares each of them the seconds that loading everything takes.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import local_http
from tests.support.model_server import ModelServer, Script
from tests.support.prefect import ROOT, environment_for, evolve
from tests.support.runs import TASK, ServerProcess, command, flow_runs, generation_of, model_server, rows


@pytest.fixture
def model() -> Iterator[ServerProcess]:
    with model_server("--latency", "1.0") as server:
        yield server


def test_a_run_fills_all_proposal_slots_records_everything_and_shows_itself_alone(
    tmp_path: Path, prefect_api: str, prefect_home: Path, model: ServerProcess
) -> None:
    results = tmp_path / "r"
    done = evolve(
        str(TASK), "--generations", "16", "--max-proposal-jobs", "8", "--max-evaluation-jobs", "4", "--name", "full-run",
        "--model", "gpt-4o-mini", "--base-url", model.url, "--results", str(results), api=prefect_api, home=prefect_home,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "best score" in done.stdout
    shown = done.stdout + done.stderr
    assert not [line for line in shown.splitlines() if "| INFO" in line or "View at" in line], "the orchestrator's log"
    assert model.stats()["peak"] == 8

    assert rows(results, "SELECT count(*), min(generation), max(generation) FROM programs") == [(17, 0, 16)]
    assert rows(results, "SELECT DISTINCT state FROM generations") == [("recorded",)]
    assert rows(results, "SELECT count(*) FROM model_calls WHERE status = 'answered' AND cost > 0") == [(16,)]
    prompt, answer = rows(results, "SELECT messages, answer FROM model_call_texts ORDER BY id LIMIT 1")[0]
    assert "The current program" in prompt
    assert "REPLACE" in answer

    summary = json.loads((results / "summary.json").read_text())
    assert summary["programs"] == 17
    assert summary["cost"] == pytest.approx(16 * 0.00021)
    best = json.loads((results / "best/about.json").read_text())
    assert best["score"] == summary["best_score"]
    assert (results / "best/main.py").read_text() == (results / f"gen_{best['generation']}/main.py").read_text()
    assert (results / "best/seed_to_best.diff").exists()

    outer = flow_runs(prefect_api, name={"any_": ["full-run"]})
    assert (
        outer[0]["state"]["message"] == f"best score {best['score']:.6g} (generation {best['generation']}), 17 programs"
    )
    assert [run["state"]["type"] for run in outer] == ["COMPLETED"]
    children = flow_runs(prefect_api, parent_flow_run_id={"any_": [outer[0]["id"]]})
    assert sorted(map(generation_of, children)) == [f"gen-{number:04d}" for number in range(17)]
    assert all(run["state"]["type"] == "COMPLETED" and "score" in run["state"]["message"] for run in children)
    one = next(run for run in children if generation_of(run) == "gen-0007")
    names = task_names(prefect_api, one["id"])
    assert names == {
        "sample gen-0007 try 0", "query gen-0007 try 0.0 gpt-4o-mini", "patch gen-0007 try 0.0",
        "novelty gen-0007 try 0.0", "submit gen-0007", "evaluate gen-0007", "record gen-0007",
    }  # fmt: skip


def task_names(api: str, flow_run_id: str) -> set[str]:
    """Task runs reach the server as events, some time after they ended."""
    deadline = time.monotonic() + 30
    names: set[str] = set()
    while len(names) < 7 and time.monotonic() < deadline:
        body = {"flow_runs": {"id": {"any_": [flow_run_id]}}}
        runs = local_http.post(f"{api}/task_runs/filter", json=body).json()
        names = {run["name"] for run in runs if run["state"]["type"] == "COMPLETED"}
        time.sleep(0.2)
    return names


def content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:  # a side file of SQLite, which goes with its last connection
        return b""


SECRET = "sk-test-do-not-store-me-1234567890"


@pytest.mark.slow
def test_the_key_is_in_nothing_that_a_run_leaves_behind(tmp_path: Path, prefect_api: str, prefect_home: Path) -> None:
    results = tmp_path / "r"
    with model_server("--fault", "error_401=0.3", "--fault", "error_500=0.2") as server:
        done = evolve(
            str(TASK), "--generations", "12", "--model", "m", "--base-url", server.url, "--results", str(results),
            "--name", "with-a-key", api=prefect_api, home=prefect_home, OPENAI_API_KEY=SECRET, PREFECT_LOGGING_LEVEL="DEBUG",
        )  # fmt: skip
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    for kind in ("flow_runs", "task_runs", "logs", "artifacts", "flows"):
        found = local_http.post(f"{prefect_api}/{kind}/filter", json={})
        found.raise_for_status()
        output += found.text
    assert "with-a-key" in output
    assert "[key]" in rows(results, "SELECT group_concat(error) FROM model_call_texts")[0][0]
    assert SECRET not in output
    files = [path for folder in (tmp_path, prefect_home) for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 30
    # Prefect's own database is among them, with what the run wrote there.
    assert any(b"with-a-key" in content(path) for path in files if path.name.startswith("prefect.db"))
    assert [path for path in files if SECRET.encode() in content(path)] == []
    assert results.stat().st_mode & 0o077 == 0
    assert (results / "evolution.sqlite").stat().st_mode & 0o077 == 0


def test_a_taken_results_folder_is_refused_and_can_be_resumed(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    results = str(tmp_path / "r")
    arguments = [str(TASK), "--results", results]
    first = command(*arguments, "--generations", "3", api=prefect_api, home=prefect_home)
    assert first.returncode == 0, first.stdout + first.stderr
    again = command(*arguments, "--generations", "3", api=prefect_api, home=prefect_home)
    assert again.returncode == 2
    assert "--resume" in again.stderr
    longer = command(*arguments, "--generations", "5", "--resume", api=prefect_api, home=prefect_home)
    assert longer.returncode == 0, longer.stdout + longer.stderr
    assert rows(tmp_path / "r", "SELECT count(*) FROM programs") == [(6,)]


def test_an_evaluator_that_does_not_work_is_told_before_anything_is_spent(
    tmp_path: Path, prefect_api: str, prefect_home: Path, model: ServerProcess
) -> None:
    (tmp_path / "initial.py").write_text("x = 1.0\n")
    (tmp_path / "evaluate.py").write_text("raise RuntimeError('no data file')\n")
    done = command(
        str(tmp_path), "--model", "m", "--base-url", model.url, "--results", str(tmp_path / "r"),
        api=prefect_api, home=prefect_home,
    )  # fmt: skip
    assert done.returncode == 2
    assert "no data file" in done.stderr
    assert 'Traceback (most recent call last):\n  File "flows' not in done.stderr
    assert model.stats()["requests"] == 0


def test_models_out_of_reach_stop_the_run_instead_of_using_it_up(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    results = tmp_path / "r"
    with model_server("--fault", "error_401=1.0") as server:
        done = command(
            str(TASK), "--generations", "200", "--max-proposal-jobs", "4", "--model", "m", "--base-url", server.url,
            "--results", str(results), api=prefect_api, home=prefect_home,
        )  # fmt: skip
    assert done.returncode == 3
    assert "HTTP 401" in done.stdout
    assert "api_key_env" in done.stdout
    assert rows(results, "SELECT count(*) FROM generations")[0][0] < 60


def test_a_run_on_postgres(tmp_path: Path, prefect_api: str, prefect_home: Path, postgres: Any) -> None:
    done = command(
        str(TASK), "--generations", "5", "--database", postgres.url, "--results", str(tmp_path / "r"),
        api=prefect_api, home=prefect_home,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "6 (6 correct)" in done.stdout


def test_a_run_stops_at_its_budget_and_goes_on_with_a_larger_one(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    results = tmp_path / "r"
    (tmp_path / "c.yaml").write_text("evolution:\n  llm_kwargs: {max_tokens: 100}\n")
    with model_server("--latency", "0.1", "--prompt-tokens", "300") as model:  # 0.000105 dollars a call
        arguments = [str(TASK), "--generations", "20", "--model", "gpt-4o-mini", "--base-url", model.url]
        arguments += ["--results", str(results), "--config", str(tmp_path / "c.yaml")]
        first = command(*arguments, "--budget", "0.001", api=prefect_api, home=prefect_home)
        assert first.returncode == 3, first.stdout + first.stderr
        assert "max_api_costs=0.001" in first.stdout
        spent = rows(results, "SELECT sum(cost) FROM model_calls")[0][0]
        assert 0.0005 < spent <= 0.001
        again = command(*arguments, "--budget", "1", "--resume", api=prefect_api, home=prefect_home)
        assert again.returncode == 0, again.stdout + again.stderr
        assert rows(results, "SELECT count(*) FROM programs") == [(21,)]
        assert model.stats()["requests"] == 20


async def test_the_quick_start_of_the_seed_document_runs_as_it_stands(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    quick_start = (ROOT / "docs" / "quick_start.py").read_text()
    for name in ("initial.py", "evaluate.py"):
        (tmp_path / name).write_text((TASK / name).read_text())
    (tmp_path / "quick_start.py").write_text(quick_start)
    async with ModelServer(Script()) as server:
        environment = environment_for(
            prefect_api, prefect_home, OPENAI_BASE_URL=server.url, OPENAI_API_KEY="sk-test-secret"
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable, "quick_start.py", cwd=tmp_path, env=environment,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        output, _ = await process.communicate()
        assert process.returncode == 0, output.decode()
        assert {request.model for request in server.requests} == {"gpt-4o-mini"}
    databases = list(tmp_path.glob("results/*/evolution.sqlite"))
    assert len(databases) == 1
    assert rows(databases[0].parent, "SELECT count(*) FROM programs") == [(51,)]
    ((tuned,),) = rows(databases[0].parent, "SELECT count(*) FROM programs WHERE patch_type = 'tune'")
    assert len(server.requests) >= 50 - tuned  # those are beside the models
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or b"sk-test-secret" not in content(path), path
