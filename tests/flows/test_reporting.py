"""The report of a run while it goes on, and what a report that cannot be made does to it."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from flows import reporting
from shinka_core.report.build import REPORT
from tests.flows.test_generation import runner
from tests.support.runs import settings_for


@pytest.mark.slow
async def test_it_is_renewed_by_another_process_while_the_run_goes_on(
    tmp_path: Path, prefect_api: str, prefect_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "FIRST", 0.2)
    monkeypatch.setattr(reporting, "SHARE", 1.0)
    report = tmp_path / "r" / REPORT
    with settings_for(prefect_api, prefect_home):
        running = asyncio.create_task(runner(tmp_path / "r", sleep=0.3, num_generations=10_000).run())
        async with asyncio.timeout(180):
            while not report.exists():
                assert not running.done()
                await asyncio.sleep(0.1)
            first = report.stat().st_mtime_ns
            while report.stat().st_mtime_ns == first:
                assert not running.done()
                await asyncio.sleep(0.1)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert report.read_text().endswith("</html>\n")
    assert not list((tmp_path / "r").glob(f".{REPORT}*")), "a page that is being written is never seen"


@pytest.mark.slow
@pytest.mark.usefixtures("with_reports")
@pytest.mark.parametrize("few", [1_000, 0])
async def test_a_report_that_cannot_be_written_is_said_and_the_run_ends_as_usual(
    few: int, tmp_path: Path, prefect_api: str, prefect_home: Path, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    monkeypatch.setattr(reporting, "FEW", few)
    (tmp_path / "r" / f".{REPORT}.new").mkdir(parents=True)
    with settings_for(prefect_api, prefect_home), caplog.at_level(logging.WARNING, "shinka.report"):
        summary = await runner(tmp_path / "r", num_generations=2).run()
    assert (summary.programs, summary.stopped_early) == (3, "")
    assert f"no {REPORT}" in caplog.text
    assert "shinka report writes it later" in caplog.text
