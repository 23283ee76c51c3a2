"""Periodic steps in whole runs: flow runs of their own, once each, that keep nothing waiting and break nothing."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from flows.meta import meta
from flows.open_runs import registered
from shinka_core.periodic import Named, OpenRun
from tests.flows.test_review import runner
from tests.support.meta import opened
from tests.support.model_server import ModelServer, Script
from tests.support.runs import flow_runs, rows, settings_for


class Told:
    """A step that is broken off between an answer, which is kept, and what it writes of it."""

    def __init__(self) -> None:
        self.answered, self.written = False, list[int]()

    def due(self, recorded: int) -> bool:
        return recorded == 3

    async def open(self, run: OpenRun) -> None:
        pass

    async def run_at(self, run: OpenRun, recorded: int) -> None:
        if not self.answered:
            try:
                await asyncio.sleep(60)
            finally:
                self.answered = True
        self.written.append(recorded)


async def test_an_answer_that_comes_as_the_generations_end_is_written(tmp_path: Path) -> None:
    step = Told()
    async with opened(tmp_path, "http://127.0.0.1:9") as run:
        run.periodics = (Named("told", step),)
        with registered(run):
            doing = asyncio.create_task(meta.fn(run.evolution, "told", 3))
            await asyncio.sleep(0)
            run.over.set()
            state = await asyncio.wait_for(doing, 10)
    assert (state.name, step.written) == ("Completed", [3])


PLACE = "tests.support.beside:Noted"
BEGUN = "SELECT step, attempt FROM generation_steps WHERE step LIKE 'periodic:%' ORDER BY 1, 2"


async def run(folder: Path, server: ModelServer, periodic: list[Any], **options: Any) -> Any:
    return await runner(folder, server.url, None, periodic=periodic, **options).run()


def noted(folder: Path) -> list[int]:
    return [int(line) for line in (folder / "noted").read_text().split()]


def metas(api: str, evolution: str) -> dict[str, tuple[str, str]]:
    (outer,) = flow_runs(api, name={"any_": [evolution]})
    children = flow_runs(api, parent_flow_run_id={"any_": [outer["id"]]})
    return {
        child["name"]: (child["state_type"], child["state"]["message"])
        for child in children if not child["name"].startswith("gen-")
    }  # fmt: skip


async def test_each_is_a_flow_run_and_one_that_fails_ends_nothing(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    periodic = [
        {"name": "digest", "every": 2},
        {"name": PLACE, "file": str(tmp_path / "noted"), "every": 3, "fails_at": 0},
    ]
    async with ModelServer(Script()) as server:
        with settings_for(prefect_api, prefect_home):
            summary = await run(tmp_path, server, periodic, num_generations=5)
    assert (summary.programs, summary.failures, summary.stopped_early) == (6, {}, "")
    assert rows(tmp_path / "r", BEGUN) == [
        ("periodic:digest", 2), ("periodic:digest", 4), ("periodic:digest", 6),
        (f"periodic:{PLACE}", 3), (f"periodic:{PLACE}", 6),
    ]  # fmt: skip
    lines = [json.loads(line) for line in (tmp_path / "r" / "progress.jsonl").read_text().splitlines()]
    assert len(lines) == 3
    assert lines[-1]["programs"] == 6
    assert lines[-1]["best_score"] == summary.best_score
    assert [line["cost"] for line in lines] == sorted(line["cost"] for line in lines)
    found = metas(prefect_api, summary.evolution)
    assert found.pop(f"{PLACE} 3") == found.pop(f"{PLACE} 6") == ("FAILED", "ZeroDivisionError: a bug in a step")
    assert found == {f"digest {number}": ("COMPLETED", f"at {number} programs") for number in (2, 4, 6)}


@pytest.mark.slow
async def test_generations_go_on_while_one_takes_its_time_and_the_next_waits_for_it(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    periodic = [{"name": PLACE, "file": str(tmp_path / "noted"), "every": 2, "seconds": 4.0}]
    async with ModelServer(Script()) as server:
        with settings_for(prefect_api, prefect_home):
            summary = await run(tmp_path, server, periodic, num_generations=3)
    assert summary.programs == 4
    assert noted(tmp_path) == [4, 4], "all were recorded before the first had ended, and the end waits for both"


@pytest.mark.slow
@pytest.mark.parametrize("plain", [False, True])
async def test_none_begins_twice_whatever_process_goes_on(
    tmp_path: Path, prefect_api: str, prefect_home: Path, plain: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if plain:
        monkeypatch.setenv("SHINKA_PLAIN_SUBFLOWS", "1")
    periodic = [{"name": PLACE, "file": str(tmp_path / "noted"), "every": 2}]
    async with ModelServer(Script(latency=0.2)) as server:
        with settings_for(prefect_api, prefect_home):
            made = runner(tmp_path, server.url, None, periodic=periodic, num_generations=7)
            running = asyncio.create_task(made.run())
            async with asyncio.timeout(180):
                while not (tmp_path / "noted").exists():
                    await asyncio.sleep(0.02)
            made.stop()
            made.stop()  # at once, as a kill would
            first = await running
            assert first.stopped_early
            begun = rows(tmp_path / "r", BEGUN)
            summary = await run(tmp_path, server, periodic, num_generations=7, resume=True)
    assert summary.programs == 8
    assert rows(tmp_path / "r", BEGUN) == [(f"periodic:{PLACE}", number) for number in (2, 4, 6, 8)]
    assert begun[0] == (f"periodic:{PLACE}", 2)
    assert len(noted(tmp_path)) <= 4


@pytest.mark.slow
async def test_what_was_due_when_the_process_ended_is_made_up_for(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    async with ModelServer(Script()) as server:
        with settings_for(prefect_api, prefect_home):
            await run(tmp_path, server, [], num_generations=4)
            periodic = [{"name": PLACE, "file": str(tmp_path / "noted"), "every": 2}]
            began = time.monotonic()
            await run(tmp_path, server, periodic, num_generations=4, resume=True)
            assert time.monotonic() - began < 30
            await run(tmp_path, server, periodic, num_generations=4, resume=True)
    assert rows(tmp_path / "r", BEGUN) == [(f"periodic:{PLACE}", 4)]
    assert noted(tmp_path) == [5]
