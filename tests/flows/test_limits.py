"""Limits across runs are made by the project, hold, and are not leaked by a run that is killed."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.flows.test_evolve import TASK, ServerProcess
from tests.support.prefect import ROOT, environment_for, evolve


def limit_of(api: str, tag: str) -> int:
    response = httpx.get(f"{api}/concurrency_limits/tag/{tag}", trust_env=False)
    response.raise_for_status()
    return response.json()["concurrency_limit"]


def test_limits_of_the_settings_are_made_on_the_server_and_hold(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    model = ServerProcess("--latency", "0.2")
    (tmp_path / "c.yaml").write_text(
        "evolution:\n  model_limits: {limited: 2}\n  model_rates: {limited: 20}\njob:\n  shared_limit: 3\n"
    )
    arguments = [str(TASK), "--generations", "10", "--model", "limited", "--base-url", model.url]
    arguments += ["--config", str(tmp_path / "c.yaml")]
    done = evolve(*arguments, "--results", str(tmp_path / "a"), api=prefect_api, home=prefect_home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert model.stats()["peak"] == 2
    assert limit_of(prefect_api, "model:limited") == 2
    assert limit_of(prefect_api, "evaluation:task") == 3
    rate = httpx.get(f"{prefect_api}/v2/concurrency_limits/model:limited:rate", trust_env=False).json()
    assert (rate["limit"], rate["slot_decay_per_second"]) == (20, 20)
    # What somebody changes in the UI stays changed.
    body = {"tag": "model:limited", "concurrency_limit": 1}
    httpx.post(f"{prefect_api}/concurrency_limits/", json=body, trust_env=False).raise_for_status()
    done = evolve(*arguments, "--results", str(tmp_path / "b"), api=prefect_api, home=prefect_home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert limit_of(prefect_api, "model:limited") == 1
    for tag in ("model:limited", "evaluation:task"):
        httpx.delete(f"{prefect_api}/concurrency_limits/tag/{tag}", trust_env=False)
    model.close()


@pytest.mark.slow
def test_a_killed_run_leaks_no_slot(tmp_path: Path, prefect_api: str, prefect_home: Path) -> None:
    hanging = ServerProcess("--latency", "600")
    (tmp_path / "c.yaml").write_text("evolution:\n  model_limits: {leaky: 1}\n")
    arguments = [str(TASK), "--generations", "2", "--model", "leaky", "--config", str(tmp_path / "c.yaml")]
    run = subprocess.Popen(
        [sys.executable, "flows/evolve.py", *arguments, "--base-url", hanging.url, "--results", str(tmp_path / "a")],
        cwd=ROOT, env=environment_for(prefect_api, prefect_home), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while hanging.stats()["requests"] < 1:
        assert run.poll() is None
        time.sleep(0.1)
    run.kill()
    run.wait()
    hanging.close()
    quick = ServerProcess("--latency", "0.1")
    done = evolve(
        *arguments, "--base-url", quick.url, "--results", str(tmp_path / "b"), api=prefect_api, home=prefect_home
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert quick.stats()["requests"] == 2
    httpx.delete(f"{prefect_api}/concurrency_limits/tag/model:leaky", trust_env=False)
    quick.close()


LEARNING = """
import asyncio, os
from prefect.client.orchestration import get_client
from flows.orchestrator import limits

async def becomes(tags):
    for _ in range(200):
        if limits.asking("late", 1).tags == tags:
            return True
        await asyncio.sleep(0.1)
    return False

async def main():
    async with get_client() as client:
        await limits._learn(client)
        assert limits.asking("late", 1).tags == set()
        made = await client.create_concurrency_limit(tag="model:late", concurrency_limit=1)
        limits.LOOK_EVERY = 0.1
        learning = asyncio.create_task(limits._keep_learning())
        assert await becomes({"model:late"})
        assert limits.asking("other", 1).tags == set()
        await client.delete_concurrency_limit_by_tag(tag="model:late")
        assert await becomes(set())
        learning.cancel()

asyncio.run(main())
"""


def test_a_limit_made_during_a_run_holds_and_one_taken_away_does_not(prefect_api: str, prefect_home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LEARNING], cwd=ROOT, env=environment_for(prefect_api, prefect_home),
        capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
