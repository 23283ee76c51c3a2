"""Limits across runs are made by the project, hold, and are not leaked by a run that is killed.

That they hold is measured: how many calls are at the model server at once and how fast they come, and how
many processes of evaluations run at once.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support import local_http
from tests.support.prefect import ROOT, environment_for
from tests.support.runs import TASK, begin, command, model_server, rows


def limit_of(api: str, name: str) -> int:
    """A global limit, as `prefect gcl inspect` and the page *Concurrency* show it."""
    response = local_http.get(f"{api}/v2/concurrency_limits/{name}")
    response.raise_for_status()
    return response.json()["limit"]


def set_limit(api: str, name: str, limit: int) -> None:
    local_http.patch(f"{api}/v2/concurrency_limits/{name}", json={"limit": limit}).raise_for_status()


def forget_limit(api: str, name: str) -> None:
    local_http.delete(f"{api}/v2/concurrency_limits/{name}").raise_for_status()


@pytest.mark.slow
def test_the_calls_at_once_to_a_model_are_limited_and_what_somebody_changes_in_the_ui_stays(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    (tmp_path / "c.yaml").write_text("evolution:\n  model_limits: {limited: 2}\n")
    with model_server("--latency", "0.2") as model:
        arguments = [str(TASK), "--generations", "6", "--model", "limited", "--base-url", model.url]
        arguments += ["--config", str(tmp_path / "c.yaml")]
        done = command(*arguments, "--results", str(tmp_path / "a"), api=prefect_api, home=prefect_home)
        assert done.returncode == 0, done.stdout + done.stderr
        assert model.stats()["peak"] == 2
    assert limit_of(prefect_api, "model:limited") == 2
    set_limit(prefect_api, "model:limited", 1)
    with model_server("--latency", "0.2") as model:
        arguments[arguments.index("--base-url") + 1] = model.url
        arguments[arguments.index("--generations") + 1] = "3"
        done = command(*arguments, "--results", str(tmp_path / "b"), api=prefect_api, home=prefect_home)
        assert done.returncode == 0, done.stdout + done.stderr
        assert model.stats()["peak"] == 1
    assert limit_of(prefect_api, "model:limited") == 1
    forget_limit(prefect_api, "model:limited")


RATE = 4.0


@pytest.mark.slow
def test_the_calls_per_second_to_a_model_are_limited(tmp_path: Path, prefect_api: str, prefect_home: Path) -> None:
    (tmp_path / "c.yaml").write_text(f"evolution:\n  model_rates: {{hasty: {RATE}}}\n")
    with model_server() as model:
        done = command(
            str(TASK), "--generations", "16", "--max-proposal-jobs", "16", "--model", "hasty", "--base-url", model.url,
            "--config", str(tmp_path / "c.yaml"), "--results", str(tmp_path / "r"), api=prefect_api, home=prefect_home,
        )  # fmt: skip
        starts = sorted(model.stats()["starts"])
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(starts) == 16
    limit = local_http.get(f"{prefect_api}/v2/concurrency_limits/model:hasty:rate").json()
    assert (limit["limit"], limit["slot_decay_per_second"]) == (RATE, RATE)
    # A second's calls may come at once; calls that had their permission may be held up on their way, so two more.
    burst = RATE + 2
    for first, start in enumerate(starts):
        for last in range(first, len(starts)):
            calls = last - first + 1
            assert calls <= burst + RATE * (starts[last] - start), f"{calls} calls in {starts[last] - start:.2f} s"


# Says when it ran: a line before and a line after, in a folder that its sandbox lets it write to.
CLOCKED = """
import argparse, json, os, time
parser = argparse.ArgumentParser()
parser.add_argument("--program_path"); parser.add_argument("--results_dir")
a = parser.parse_args()
began = time.time()
time.sleep(0.0 if "gen_0/" in a.program_path else 1.0)
for name, value in (("metrics", {"combined_score": 1.0}), ("correct", {"correct": True, "error": None}),
                    ("span", [began, time.time()])):
    with open(os.path.join(a.results_dir, name + ".json"), "w") as file:
        json.dump(value, file)
"""


def most_at_once(spans: list[list[float]]) -> int:
    """How many of the spans overlap at the worst moment."""
    return max(sum(began <= moment < ended for began, ended in spans) for moment, _ in spans)


def clocked(folder: Path) -> Path:
    task = folder / "clocked"
    task.mkdir()
    (task / "initial.py").write_text((TASK / "initial.py").read_text())
    (task / "evaluate.py").write_text(CLOCKED)
    return task


def spans_of(results: Path) -> list[list[float]]:
    return [
        json.loads(path.read_text()) for path in results.glob("gen_*/results/span.json") if "gen_0/" not in str(path)
    ]


@pytest.mark.slow
def test_the_evaluations_at_once_of_all_runs_with_an_evaluator_are_limited(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    task = clocked(tmp_path)
    (tmp_path / "c.yaml").write_text("job:\n  shared_limit: 2\n")
    arguments = [str(task), "--generations", "4", "--max-evaluation-jobs", "4", "--config", str(tmp_path / "c.yaml")]
    arguments += ["--name"]
    others = begin(*arguments, "other-run", "--results", str(tmp_path / "other"), api=prefect_api, home=prefect_home)
    done = command(*arguments, "this-run", "--results", str(tmp_path / "r"), api=prefect_api, home=prefect_home)
    output, _ = others.communicate(timeout=400)
    limit = limit_of(prefect_api, "evaluation:clocked")
    forget_limit(prefect_api, "evaluation:clocked")
    assert (done.returncode, others.returncode) == (0, 0), done.stdout + done.stderr + output
    assert limit == 2
    spans = spans_of(tmp_path / "r") + spans_of(tmp_path / "other")
    assert len(spans) == 8
    assert most_at_once(spans) == 2


@pytest.mark.slow
def test_the_evaluations_at_once_of_one_run_are_limited(tmp_path: Path, prefect_api: str, prefect_home: Path) -> None:
    task = clocked(tmp_path)
    done = command(
        str(task), "--generations", "4", "--max-evaluation-jobs", "2", "--results", str(tmp_path / "r"),
        api=prefect_api, home=prefect_home,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    spans = spans_of(tmp_path / "r")
    assert len(spans) == 4
    assert most_at_once(spans) == 2


@pytest.mark.slow
def test_a_limit_on_the_tag_of_all_model_calls_holds(tmp_path: Path, prefect_api: str, prefect_home: Path) -> None:
    limits = f"{prefect_api}/concurrency_limits"
    local_http.post(f"{limits}/", json={"tag": "model", "concurrency_limit": 2}).raise_for_status()
    with model_server("--latency", "0.3") as model:
        try:
            done = command(
                str(TASK), "--generations", "10", "--model", "m", "--base-url", model.url, "--results", str(tmp_path / "r"),
                api=prefect_api, home=prefect_home,
            )  # fmt: skip
        finally:
            local_http.delete(f"{limits}/tag/model").raise_for_status()
        assert done.returncode == 0, done.stdout + done.stderr
        assert rows(tmp_path / "r", "SELECT count(*) FROM programs") == [(11,)]
        assert model.stats()["peak"] == 2


@pytest.mark.slow
def test_a_killed_run_leaks_no_slot(tmp_path: Path, prefect_api: str, prefect_home: Path) -> None:
    (tmp_path / "c.yaml").write_text("evolution:\n  model_limits: {leaky: 1}\n")
    arguments = [str(TASK), "--generations", "2", "--model", "leaky", "--config", str(tmp_path / "c.yaml")]
    with model_server("--latency", "600") as hanging:
        run = begin(
            *arguments, "--base-url", hanging.url, "--results", str(tmp_path / "a"), api=prefect_api, home=prefect_home
        )
        while hanging.stats()["requests"] < 1:
            assert run.poll() is None
            time.sleep(0.1)
        run.kill()
        run.wait()
    with model_server("--latency", "0.1") as quick:
        done = command(
            *arguments, "--base-url", quick.url, "--results", str(tmp_path / "b"), api=prefect_api, home=prefect_home
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert quick.stats()["requests"] == 2
    forget_limit(prefect_api, "model:leaky")


LEARNING = """
import asyncio, os
from prefect.client.orchestration import get_client
from flows.orchestrator import limits
from flows.orchestrator.server_calls import ServerCalls

async def becomes(tags):
    for _ in range(200):
        if limits.known("model:late") == tags:
            return True
        await asyncio.sleep(0.1)
    return False

async def main():
    async with get_client() as client, ServerCalls() as calls:
        await limits._learn(client)
        assert limits.known("model:late") == ()
        made = await client.create_concurrency_limit(tag="model:late", concurrency_limit=1)
        limits.LOOK_EVERY = 0.1
        learning = asyncio.create_task(limits._keep_learning(calls))
        assert await becomes(("tag:model:late",))
        assert limits.known("model:other") == ()
        await client.delete_concurrency_limit_by_tag(tag="model:late")
        assert await becomes(())
        learning.cancel()

asyncio.run(main())
"""


@pytest.mark.slow
def test_a_limit_made_during_a_run_holds_and_one_taken_away_does_not(prefect_api: str, prefect_home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LEARNING], cwd=ROOT, env=environment_for(prefect_api, prefect_home),
        capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
