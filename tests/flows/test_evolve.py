"""Whole runs: the command line, a real Prefect server, a scripted model, real evaluations."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.support.model_server import ModelServer, Script
from tests.support.prefect import ROOT, environment_for, evolve

TASK = ROOT / "benchmarks" / "task"


class ServerProcess:
    """The scripted model in a process of its own."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.model_server", *arguments],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()

    def stats(self) -> dict[str, Any]:
        return httpx.get(self.url.replace("/v1", "/stats"), trust_env=False).json()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def model() -> Iterator[ServerProcess]:
    server = ServerProcess("--latency", "0.3")
    yield server
    server.close()


def rows(results: Path, query: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(results / "evolution.sqlite") as connection:
        return connection.execute(query).fetchall()


def flow_runs(api: str, **flow_run_filter: Any) -> list[dict[str, Any]]:
    response = httpx.post(f"{api}/flow_runs/filter", json={"flow_runs": flow_run_filter}, trust_env=False)
    response.raise_for_status()
    return response.json()


def test_a_run_fills_all_proposal_slots_and_records_everything(
    tmp_path: Path, prefect_api: str, prefect_home: Path, model: ServerProcess
) -> None:
    results = tmp_path / "r"
    done = evolve(
        str(TASK), "--generations", "24", "--max-proposal-jobs", "8", "--max-evaluation-jobs", "4", "--name", "full-run",
        "--model", "gpt-4o-mini", "--base-url", model.url, "--results", str(results), api=prefect_api, home=prefect_home,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "best score" in done.stdout
    assert model.stats()["peak"] == 8

    assert rows(results, "SELECT count(*), min(generation), max(generation) FROM programs") == [(25, 0, 24)]
    assert rows(results, "SELECT DISTINCT state FROM generations") == [("recorded",)]
    assert rows(results, "SELECT count(*) FROM model_calls WHERE status = 'answered' AND cost > 0") == [(24,)]
    prompt, answer = rows(results, "SELECT messages, answer FROM model_calls LIMIT 1")[0]
    assert "The current program" in prompt
    assert "REPLACE" in answer

    summary = json.loads((results / "summary.json").read_text())
    assert summary["programs"] == 25
    assert summary["cost"] == pytest.approx(24 * 0.00021)
    best = json.loads((results / "best/about.json").read_text())
    assert best["score"] == summary["best_score"]
    assert (results / "best/main.py").read_text() == (results / f"gen_{best['generation']}/main.py").read_text()
    assert (results / "best/seed_to_best.diff").exists()

    outer = flow_runs(prefect_api, name={"any_": ["full-run"]})
    assert [run["state"]["type"] for run in outer] == ["COMPLETED"]
    children = flow_runs(prefect_api, parent_flow_run_id={"any_": [outer[0]["id"]]})
    assert sorted(run["name"] for run in children) == [f"gen-{number:04d}" for number in range(25)]
    assert all(run["state"]["type"] == "COMPLETED" and "score" in run["state"]["message"] for run in children)
    one = next(run for run in children if run["name"] == "gen-0007")
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
        runs = httpx.post(f"{api}/task_runs/filter", json=body, trust_env=False).json()
        names = {run["name"] for run in runs if run["state"]["type"] == "COMPLETED"}
        time.sleep(0.2)
    return names


# Each on about one request in eleven; what is left over is answered well.
FAULTS = ["rate_limit", "rate_limit_bare", "error_500", "reset", "hang", "half_json", "empty", "no_code", "refusal_text",
          "truncated", "huge"]  # fmt: skip
PAID = ("answered", "empty", "no_code", "refusal_text", "truncated", "huge")


@pytest.mark.slow
def test_eleven_faults_at_once_cost_no_generation_its_record_and_no_cent_is_missed(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    faults = [part for fault in FAULTS for part in ("--fault", f"{fault}=0.07")]
    server = ServerProcess(*faults, "--seed", "3")
    results = tmp_path / "r"
    (tmp_path / "c.yaml").write_text("evolution:\n  llm_timeout: 1.5\n  llm_prices: {m: {input: 1.0, output: 1.0}}\n")
    done = evolve(
        str(TASK), "--generations", "100", "--model", "m", "--base-url", server.url, "--results", str(results),
        "--config", str(tmp_path / "c.yaml"), api=prefect_api, home=prefect_home,
    )  # fmt: skip
    stats = server.stats()
    server.close()
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(stats["outcomes"]) == {*FAULTS, "answered"}
    assert rows(results, "SELECT count(*) FROM generations WHERE number > 0 AND state IN ('recorded', 'failed')") == [
        (100,)
    ]
    assert rows(results, "SELECT count(*) FROM model_calls") == [(stats["requests"],)]
    assert rows(results, "SELECT count(*) FROM model_calls WHERE status = 'failed' AND reason = ''") == [(0,)]
    assert rows(results, "SELECT count(*) FROM generations WHERE state = 'failed' AND failure_reason = ''") == [(0,)]
    paid = sum(stats["outcomes"].get(outcome, 0) for outcome in PAID)
    assert rows(results, "SELECT sum(cost) FROM model_calls")[0][0] == pytest.approx(paid * 1100 / 1e6)
    assert json.loads((results / "summary.json").read_text())["cost"] == pytest.approx(paid * 1100 / 1e6)
    reasons = {reason for (reason,) in rows(results, "SELECT DISTINCT reason FROM model_calls WHERE status = 'failed'")}
    assert reasons == {"rate_limited", "model_unavailable", "unusable_answer"}
    steps = "".join(
        payload for (payload,) in rows(results, "SELECT payload FROM generation_steps WHERE step = 'patched'")
    )
    assert "no_block_found" in steps


def content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:  # a side file of SQLite, which goes with its last connection
        return b""


SECRET = "sk-test-do-not-store-me-1234567890"


def test_the_key_is_in_nothing_that_a_run_leaves_behind(tmp_path: Path) -> None:
    from tests.support.prefect import running_prefect

    home, results = tmp_path / "home", tmp_path / "r"
    home.mkdir()
    server = ServerProcess("--fault", "error_401=0.3", "--fault", "error_500=0.2")
    with running_prefect(home) as api:
        done = evolve(
            str(TASK), "--generations", "12", "--model", "m", "--base-url", server.url, "--results", str(results),
            api=api, home=home, OPENAI_API_KEY=SECRET, PREFECT_LOGGING_LEVEL="DEBUG",
        )  # fmt: skip
        output = done.stdout + done.stderr
        assert done.returncode == 0, output
        for kind in ("flow_runs", "task_runs", "logs", "artifacts", "flows"):
            found = httpx.post(f"{api}/{kind}/filter", json={}, trust_env=False)
            found.raise_for_status()
            output += found.text
    server.close()
    assert "[key]" in rows(results, "SELECT group_concat(error) FROM model_calls")[0][0]
    assert SECRET not in output
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 30
    # Prefect's own database is among them, with what the run wrote there.
    assert any(b"gen-0001" in content(path) for path in files if path.name.startswith("prefect.db"))
    assert [path for path in files if SECRET.encode() in content(path)] == []
    assert results.stat().st_mode & 0o077 == 0
    assert (results / "evolution.sqlite").stat().st_mode & 0o077 == 0


@pytest.mark.slow
def test_a_killed_run_asks_no_paid_question_twice(
    tmp_path: Path, prefect_api: str, prefect_home: Path, model: ServerProcess
) -> None:
    results, name = tmp_path / "r", f"killed-twice-{uuid.uuid4().hex[:8]}"
    start = [sys.executable, "flows/evolve.py", str(TASK), "--generations", "30", "--max-proposal-jobs", "4"]
    start += ["--model", "m", "--base-url", model.url, "--results", str(results), "--name", name]
    for attempt, calls in enumerate((5, 14)):
        run = subprocess.Popen(
            [*start, *(["--resume"] if attempt else [])], cwd=ROOT, env=environment_for(prefect_api, prefect_home),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        while model.stats()["requests"] < calls:
            assert run.poll() is None
            time.sleep(0.02)
        run.send_signal(signal.SIGKILL)
        run.wait()
    done = subprocess.run(
        [*start, "--resume"], cwd=ROOT, env=environment_for(prefect_api, prefect_home), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert rows(results, "SELECT count(*), count(DISTINCT number) FROM generations WHERE state = 'recorded'") == [
        (31, 31)
    ]
    assert rows(results, "SELECT count(*) FROM programs") == [(31,)]
    answered = rows(
        results,
        "SELECT generation, attempt, turn, count(*) FROM model_calls WHERE status = 'answered' GROUP BY 1, 2, 3",
    )
    assert all(count == 1 for *_, count in answered)
    # Only questions that were in flight at one of the two kills may have been asked again.
    assert model.stats()["requests"] - len(answered) <= 2 * 4
    assert rows(results, "PRAGMA foreign_key_check") == []
    # Prefect shows the killed ones as crashed, and nothing as running.
    evolutions = flow_runs(prefect_api, name={"any_": [name]})
    assert sorted(found["state_type"] for found in evolutions) == ["COMPLETED", "CRASHED", "CRASHED"]
    ids = [found["id"] for found in evolutions]
    children = flow_runs(prefect_api, parent_flow_run_id={"any_": ids})
    assert len(children) > 30
    assert {found["state_type"] for found in children} <= {"COMPLETED", "CRASHED"}


def test_models_out_of_reach_stop_the_run_instead_of_using_it_up(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    server = ServerProcess("--fault", "error_401=1.0")
    results = tmp_path / "r"
    done = evolve(
        str(TASK), "--generations", "200", "--max-proposal-jobs", "4", "--model", "m", "--base-url", server.url,
        "--results", str(results), api=prefect_api, home=prefect_home,
    )  # fmt: skip
    server.close()
    assert done.returncode == 3
    assert "no answer" in done.stdout
    assert "OPENAI_API_KEY" in done.stdout
    assert rows(results, "SELECT count(*) FROM generations")[0][0] < 60


def test_a_taken_results_folder_is_refused_and_can_be_resumed(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    results = str(tmp_path / "r")
    arguments = [str(TASK), "--results", results]
    first = evolve(*arguments, "--generations", "3", api=prefect_api, home=prefect_home)
    assert first.returncode == 0, first.stdout + first.stderr
    again = evolve(*arguments, "--generations", "3", api=prefect_api, home=prefect_home)
    assert again.returncode == 2
    assert "--resume" in again.stderr
    longer = evolve(*arguments, "--generations", "5", "--resume", api=prefect_api, home=prefect_home)
    assert longer.returncode == 0, longer.stdout + longer.stderr
    assert rows(tmp_path / "r", "SELECT count(*) FROM programs") == [(6,)]


def test_an_evaluator_that_does_not_work_is_told_before_anything_is_spent(
    tmp_path: Path, prefect_api: str, prefect_home: Path, model: ServerProcess
) -> None:
    (tmp_path / "initial.py").write_text("x = 1.0\n")
    (tmp_path / "evaluate.py").write_text("raise RuntimeError('no data file')\n")
    done = evolve(
        str(tmp_path),
        "--model",
        "m",
        "--base-url",
        model.url,
        "--results",
        str(tmp_path / "r"),
        api=prefect_api,
        home=prefect_home,
    )
    assert done.returncode == 2
    assert "no data file" in done.stderr
    assert 'Traceback (most recent call last):\n  File "flows' not in done.stderr
    assert model.stats()["requests"] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], ["'nowhere' does not exist"]),
        (["{task}", "--generations", "0"], ["num_generations", "got 0"]),
        (["{task}", "--max-proposal-jobs", "0"], ["max_proposal_jobs=0"]),
        (["{task}", "--model", "gpt-5-mini"], ["OPENAI_API_KEY", "--base-url", "builtin/mutate"]),
        (["{task}", "--resume"], ["--resume needs --results"]),
        (["{task}", "--config", "none.yaml"], ["none.yaml"]),
        (["{task}", "--evaluate", "missing.py"], ["eval_program_path", "missing.py"]),
        (["{task}", "--database", "mysql+nothing://x/y"], ["mysql+nothing"]),
    ],
)  # fmt: skip
def test_a_mistake_is_told_in_one_line(
    arguments: list[str], words: list[str], tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    where = ["--results", str(tmp_path / "r")] if "--resume" not in arguments else []
    done = evolve(*(part.format(task=TASK) for part in arguments), *where, api=prefect_api, home=prefect_home)
    assert done.returncode == 2, done.stdout + done.stderr
    for word in words:
        assert word in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") <= 3


def test_unknown_settings_in_the_file_are_refused_by_name(tmp_path: Path, prefect_api: str, prefect_home: Path) -> None:
    (tmp_path / "initial.py").write_text("x = 1.0\n")
    (tmp_path / "evaluate.py").write_text("")
    (tmp_path / "evolve.yaml").write_text("evolution:\n  num_generatons: 5\n")
    done = evolve(str(tmp_path), api=prefect_api, home=prefect_home)
    assert done.returncode == 2
    assert "did you mean 'num_generations'" in done.stderr


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
        assert len(server.requests) >= 50
        assert {request.model for request in server.requests} == {"gpt-4o-mini"}
    databases = list(tmp_path.glob("results/*/evolution.sqlite"))
    assert len(databases) == 1
    assert rows(databases[0].parent, "SELECT count(*) FROM programs") == [(51,)]
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or b"sk-test-secret" not in content(path), path


def test_a_run_on_postgres(tmp_path: Path, prefect_api: str, prefect_home: Path, postgres: Any) -> None:
    done = evolve(
        str(TASK),
        "--generations",
        "5",
        "--database",
        postgres.url,
        "--results",
        str(tmp_path / "r"),
        api=prefect_api,
        home=prefect_home,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "6 (6 correct)" in done.stdout


def test_a_run_stops_at_its_budget_and_goes_on_with_a_larger_one(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    model = ServerProcess("--latency", "0.1", "--prompt-tokens", "300")  # 0.000105 dollars a call
    results = tmp_path / "r"
    arguments = [
        str(TASK),
        "--generations",
        "20",
        "--model",
        "gpt-4o-mini",
        "--base-url",
        model.url,
        "--results",
        str(results),
    ]
    (tmp_path / "c.yaml").write_text("evolution:\n  llm_kwargs: {max_tokens: 100}\n")
    arguments += ["--config", str(tmp_path / "c.yaml")]
    first = evolve(*arguments, "--budget", "0.001", api=prefect_api, home=prefect_home)
    assert first.returncode == 3, first.stdout + first.stderr
    assert "max_api_costs=0.001" in first.stdout
    spent = rows(results, "SELECT sum(cost) FROM model_calls")[0][0]
    assert 0.0005 < spent <= 0.001
    again = evolve(*arguments, "--budget", "1", "--resume", api=prefect_api, home=prefect_home)
    assert again.returncode == 0, again.stdout + again.stderr
    assert rows(results, "SELECT count(*) FROM programs") == [(21,)]
    assert model.stats()["requests"] == 20
    model.close()


def test_a_server_that_is_away_for_a_while_stops_nothing(tmp_path: Path, model: ServerProcess) -> None:
    from tests.support.prefect import running_prefect

    home, results = tmp_path / "home", tmp_path / "r"
    home.mkdir()
    with running_prefect(home) as api:
        run = subprocess.Popen(
            [sys.executable, "flows/evolve.py", str(TASK), "--generations", "40", "--max-proposal-jobs", "4", "--model", "m",
             "--base-url", model.url, "--results", str(results)],
            cwd=ROOT, env=environment_for(api, home), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        while model.stats()["requests"] < 6:
            assert run.poll() is None
            time.sleep(0.05)
        port = int(api.split(":")[2].split("/")[0])
        server = next(
            process for process in psutil.process_iter(["cmdline"]) if str(port) in (process.info["cmdline"] or [])
        )
        server.suspend()
        time.sleep(15)
        server.resume()
        output, _ = run.communicate(timeout=200)
    assert run.returncode == 0, output
    assert rows(results, "SELECT count(*) FROM programs") == [(41,)]
    assert model.stats()["requests"] == 40


def test_a_limit_on_the_tag_of_model_calls_holds_across_runs(
    tmp_path: Path, prefect_api: str, prefect_home: Path, model: ServerProcess
) -> None:
    limits = f"{prefect_api}/concurrency_limits"
    httpx.post(f"{limits}/", json={"tag": "model", "concurrency_limit": 2}, trust_env=False).raise_for_status()
    try:
        done = evolve(
            str(TASK), "--generations", "10", "--model", "m", "--base-url", model.url, "--results", str(tmp_path / "r"),
            api=prefect_api, home=prefect_home,
        )  # fmt: skip
    finally:
        httpx.delete(f"{limits}/tag/model", trust_env=False).raise_for_status()
    assert done.returncode == 0, done.stdout + done.stderr
    assert rows(tmp_path / "r", "SELECT count(*) FROM programs") == [(11,)]
    assert model.stats()["peak"] <= 2
