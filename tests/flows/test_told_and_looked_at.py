"""Whoever listens hears of the end however a run ends; and a runner can be looked at while it runs and afterwards."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from shinka_core.callbacks import Begun, Callbacks
from shinka_core.database import RunSummary
from tests.flows.test_pause import runner, until
from tests.flows.test_stopping import AT_ONCE, gated_task
from tests.support.model_server import ModelServer, Script
from tests.support.runs import TASK, rows, settings_for


class Ends(Callbacks):
    """Notes the beginning, the programs and the end."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def on_begin(self, run: Begun) -> None:
        self.told.append(run)

    def on_generation(self, generation: int, ended: int) -> None:
        self.told.append(generation)

    async def on_end(self, summary: RunSummary) -> None:
        await asyncio.sleep(0)
        self.told.append(summary)

    def ended_once(self) -> RunSummary:
        begun, *_, end = self.told
        assert isinstance(begun, Begun)
        assert isinstance(end, RunSummary)
        assert [type(one) for one in self.told[1:-1]] == [int] * (len(self.told) - 2)
        return end


async def test_a_run_that_is_stopped_is_told_of_and_can_be_looked_at(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    task, results, ends = gated_task(tmp_path / "task"), tmp_path / "r", Ends()
    with settings_for(prefect_api, prefect_home):
        async with ModelServer(Script()) as model:
            made = runner(task, results, model.url, callbacks=ends)
            assert (made.best, made.programs(), made.evolution) == (None, [], None)
            running = asyncio.create_task(made.run())
            await until(lambda: made.evolution is not None and len(made.evolution.calls()) >= AT_ONCE)
            assert [one.generation for one in made.programs()] == [0]
            assert (await asyncio.to_thread(lambda: made.best)).generation == 0  # type: ignore[union-attr]
            made.stop("seen enough")
            (task / "finish").touch()
            summary = await running
    assert ends.ended_once() == summary
    assert summary.stopped_early == "seen enough"
    begun: Begun = ends.told[0]
    assert (begun.results_dir, begun.ended, begun.best_score) == (results, 0, None)
    assert begun.settings["evolution"]["llm_models"] == ["m"]
    assert len(made.programs()) == summary.programs == rows(results, "SELECT count(*) FROM programs")[0][0]
    assert made.best is not None
    assert made.best.score == summary.best_score


@pytest.mark.slow
@pytest.mark.parametrize("how", ["cancelled", "outage", "broken"])
async def test_other_ends_are_told_as_well(
    how: str, tmp_path: Path, prefect_api: str, prefect_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = Ends()
    script = Script(faults={"error_500": 1.0}) if how == "outage" else Script(latency=0.05)

    async def breaks(run: Any) -> str:
        raise RuntimeError("a mistake of ours")

    if how == "broken":
        monkeypatch.setattr("flows.evolve.drive", breaks)
    with settings_for(prefect_api, prefect_home):
        async with ModelServer(script) as model:
            made = runner(TASK, tmp_path / "r", model.url, callbacks=ends)
            made.evo_config = made.evo_config.model_copy(update={"llm_retries": 0})
            running = asyncio.create_task(made.run())
            if how == "cancelled":
                await until(lambda: model.requests)
                running.cancel()
            (outcome,) = await asyncio.gather(running, return_exceptions=True)
    stopped = ends.ended_once().stopped_early
    if how == "broken":
        assert isinstance(outcome, RuntimeError)
        assert stopped == "RuntimeError: a mistake of ours"
    elif how == "outage":
        assert "the models gave no answer" in stopped
        assert outcome == ends.told[-1]
    else:
        assert isinstance(outcome, asyncio.CancelledError)
        assert stopped == "interrupted"
