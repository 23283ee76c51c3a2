"""A run that is paused by a program or by a file: nothing new begins, nothing is lost."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows.pause_file import watch_pause_file
from shinka_core.config import EvolutionConfig, LocalJobConfig
from tests.flows.test_stopping import AT_ONCE, GENERATIONS, gated_task
from tests.support.model_server import ModelServer, Script
from tests.support.runs import rows, settings_for

PERIOD = 0.1


def runner(task: Path, results: Path, url: str, **options: Any) -> Any:
    from flows.runner import AsyncEvolutionRunner

    return AsyncEvolutionRunner(
        EvolutionConfig(
            init_program_path=str(task / "initial.py"), results_dir=str(results), num_generations=GENERATIONS,
            llm_models=["m"], llm_base_url=url,
        ),
        LocalJobConfig(eval_program_path=str(task / "evaluate.py"), isolation="limits"),
        max_proposal_jobs=AT_ONCE, max_evaluation_jobs=AT_ONCE, verbose=False, **options,
    )  # fmt: skip


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is looked for more often."""
    monkeypatch.setattr("flows.stopping.watch_pause_file", functools.partial(watch_pause_file, period=PERIOD))


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(180):
        while not condition():
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("how", [pytest.param("program", marks=pytest.mark.slow), "file"])
async def test_what_had_begun_goes_on_to_its_end_and_nothing_else_begins(
    how: str, tmp_path: Path, prefect_api: str, prefect_home: Path, often: None, caplog: pytest.LogCaptureFixture
) -> None:
    task, results = gated_task(tmp_path / "task"), tmp_path / "r"

    def recorded() -> int:
        ((count,),) = rows(results, "SELECT count(*) FROM generations WHERE number > 0 AND state = 'recorded'")
        return count

    with settings_for(prefect_api, prefect_home), caplog.at_level(logging.WARNING, "shinka"):
        async with ModelServer(Script(latency=0.1)) as model:
            made = runner(task, results, model.url)
            assert not made.pause(), "there is nothing to pause yet"
            running = asyncio.create_task(made.run())
            await until(lambda: len(model.requests) >= AT_ONCE)
            assert made.pause() if how == "program" else not (results / "pause").write_text("")
            await until(lambda: "no new proposals" in caplog.text)
            (task / "finish").touch()
            await until(lambda: recorded() == len(model.requests))
            await asyncio.sleep(10 * PERIOD)
            assert not running.done()
            assert recorded() == len(model.requests) < GENERATIONS
            if how == "program":
                await asyncio.to_thread(made.resume)  # from any thread
            else:
                (results / "pause").unlink()
            summary = await running
    assert "resumed" in caplog.text
    assert (summary.programs, summary.failures) == (GENERATIONS + 1, {})


@pytest.mark.slow
async def test_a_paused_run_can_be_stopped_and_the_file_holds_for_the_resume(
    tmp_path: Path, prefect_api: str, prefect_home: Path, often: None, caplog: pytest.LogCaptureFixture
) -> None:
    task, results = gated_task(tmp_path / "task"), tmp_path / "r"
    (task / "finish").touch()
    results.mkdir()
    with settings_for(prefect_api, prefect_home), caplog.at_level(logging.WARNING, "shinka"):
        async with ModelServer(Script()) as model:
            for resume in (False, True):
                made = runner(task, results, model.url, resume=resume)
                running = asyncio.create_task(made.run())
                if not resume:
                    await until(lambda: (results / "gen_0").exists())
                    (results / "pause").touch()
                await until(lambda: f"paused by the file {results / 'pause'}" in caplog.text)
                await asyncio.sleep(5 * PERIOD)
                asked = len(model.requests)
                await asyncio.sleep(5 * PERIOD)
                assert len(model.requests) == asked, "nothing begins"
                caplog.clear()
                made.stop("enough for today")
                assert (await running).stopped_early == "enough for today"
            (results / "pause").unlink()
            summary = await runner(task, results, model.url, resume=True).run()
    assert (summary.programs, summary.failures, summary.stopped_early) == (GENERATIONS + 1, {}, "")
