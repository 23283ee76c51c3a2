"""A run whose evolution another process has taken up stops at once, and leaves everything to the other."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from pathlib import Path

import pytest

from shinka_core.database import lease
from shinka_core.database.ownership import this_process
from tests.flows.test_generation import runner
from tests.support.runs import rows, settings_for


def recorded(results: Path) -> int:
    try:
        return rows(results, "SELECT count(*) FROM programs")[0][0]
    except sqlite3.OperationalError:
        return 0


@pytest.mark.slow
async def test_a_replaced_run_stops_at_once_with_its_generations_open(
    tmp_path: Path, prefect_api: str, prefect_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "BEAT", 0.3)
    results, mark = tmp_path / "r", json.dumps(json.loads(this_process()) | {"host": "other", "boot": "another"})
    taken = 0.0

    def update() -> None:
        with sqlite3.connect(results / "evolution.sqlite") as other:
            other.execute("UPDATE evolutions SET owner = ?", (mark,))

    async def take() -> None:
        nonlocal taken
        while not recorded(results):
            await asyncio.sleep(0.1)
        await asyncio.sleep(1.0)  # the next evaluations are under way
        await asyncio.to_thread(update)  # the run, on this event loop, may be in the middle of a commit
        taken = time.monotonic()

    with settings_for(prefect_api, prefect_home):
        taking = asyncio.create_task(take())
        summary = await runner(results, sleep=8.0, num_generations=8, jobs={"max_proposal_jobs": 3}).run()
        await taking
    assert time.monotonic() - taken < 6.0, "evaluations of eight seconds are not waited for"
    assert "is not this process's any more: process" in summary.stopped_early
    assert "on other has taken it up" in summary.stopped_early
    assert rows(results, "SELECT owner, state FROM evolutions") == [(mark, "running")]
    assert rows(results, "SELECT count(*) FROM generations WHERE state = 'failed'") == [(0,)]
    assert not (results / "summary.json").exists(), "the other writes it"
