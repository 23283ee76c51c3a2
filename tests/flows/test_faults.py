"""Whole runs through what goes wrong around them: faults of models by the dozen, kills, a server that hangs.

The mix of faults without an orchestrator is `tests/shinka_core/test_faults.py`.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.model_server import FAULTS, PAID
from tests.support.prefect import ROOT, environment_for, evolve, running_prefect
from tests.support.runs import TASK, ServerProcess, begin, flow_runs, model_server, rows

pytestmark = pytest.mark.slow


@pytest.fixture
def model() -> Iterator[ServerProcess]:
    with model_server("--latency", "0.3") as server:
        yield server


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


def test_a_server_that_is_away_for_a_while_stops_nothing(tmp_path: Path, model: ServerProcess) -> None:
    home, results = tmp_path / "home", tmp_path / "r"
    home.mkdir()
    with running_prefect(home) as api:
        run = begin(
            str(TASK), "--generations", "40", "--max-proposal-jobs", "4", "--model", "m", "--base-url", model.url,
            "--results", str(results), api=api, home=home,
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
        output, _ = run.communicate(timeout=400)
    assert run.returncode == 0, output
    assert rows(results, "SELECT count(*) FROM programs") == [(41,)]
    assert model.stats()["requests"] == 40
