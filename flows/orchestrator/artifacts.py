"""What the Prefect UI shows of an evolution beside its runs: a progress bar, a page and tables.

They are put up when the evolution begins and kept up to date, each in place (`flow_run_artifacts.py`), so their
number does not grow with the run: one bar, one page and three tables. The bar moves every few seconds if
there is anything to move; the others change twice a minute at most, and less often where reading them takes long.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial

from prefect.client.orchestration import get_client

from flows.orchestrator.artifact_texts import Shown, outcome, page, search, tables
from flows.orchestrator.flow_run_artifacts import FlowRunArtifacts
from flows.orchestrator.identity import current_flow_run
from flows.orchestrator.server_calls import ORCHESTRATOR_AWAY, ServerCalls
from flows.orchestrator.ui_text import code
from shinka_core.costs import known_and_unknown
from shinka_core.database import EvolutionReader, RunSummary
from shinka_core.edit.unified import unified_diff
from shinka_core.errors import DatabaseError, OrchestratorError
from shinka_core.program import Program
from shinka_core.run import Run

logger = logging.getLogger("shinka.board")

UPDATE_PERIOD = 5.0
TABLES_PERIOD = 30.0
# Tables take one part in so many of the run's time.
SHARE = 50
# Seconds to read them.
READ_LIMIT = 10.0
REPORT = "report.html"
LONGEST_PATH = 1_000


class Board:
    """The artifacts of one run while it goes on. They are decoration: nothing waits for them."""

    def __init__(self, run: Run, calls: ServerCalls) -> None:
        self._run = run
        self._calls = calls
        flow_run = current_flow_run()
        self._artifacts = None if flow_run is None else FlowRunArtifacts(flow_run.id)
        self._bar: Shown | None = None
        self._ended = -1
        self._diffs = Diffs(run)

    @asynccontextmanager
    async def shown(self) -> AsyncGenerator[None, None]:
        """Puts them up and keeps them up to date inside the block."""
        if self._artifacts is None:
            yield
            return
        moving = asyncio.create_task(self._keep_moving(self._artifacts))
        try:
            yield
        finally:
            moving.cancel()
            await asyncio.wait([moving])
            self._artifacts.forget()
            if self._bar is not None:
                self._calls.later("the progress bar", partial(self._artifacts.put, shown=_bar(self._run)))

    async def _keep_moving(self, artifacts: FlowRunArtifacts) -> None:
        due = time.monotonic() + TABLES_PERIOD
        try:
            while True:
                bar = _bar(self._run)
                if bar != self._bar:
                    await self._calls.call("move the progress bar", partial(artifacts.put, shown=bar))
                    self._bar = bar
                if time.monotonic() >= due:
                    due = await self._show(artifacts)
                await asyncio.sleep(UPDATE_PERIOD)
        except (*ORCHESTRATOR_AWAY, OrchestratorError) as error:
            logger.info("no progress bar in the Prefect UI: %s", error)

    async def _show(self, artifacts: FlowRunArtifacts) -> float:
        """Shows how things stand, if anything has ended since; returns when to look again."""
        began, ended = time.monotonic(), self._run.database.ended
        if ended != self._ended:
            try:
                for shown in await _standing(self._run, self._diffs):
                    await self._calls.call("show how things stand", partial(artifacts.put, shown=shown))
                self._ended = ended
            except DatabaseError as error:
                logger.debug("the tables in the Prefect UI stay as they are: %s", error)
        now = time.monotonic()
        return now + max(TABLES_PERIOD, SHARE * (now - began))


class Diffs:
    """The best program's diff against the seed program, made again when there is another best."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._last: tuple[str, str] = ("", "")

    async def of(self, best: Program | None) -> str:
        """The diff; nothing without a program."""
        if best is None:
            return ""
        if best.id != self._last[0]:
            seed = self._run.seed_program.source
            self._last = (best.id, await asyncio.to_thread(unified_diff, seed, best.source, ("seed", "best")))
        return self._last[1]


async def _standing(run: Run, diffs: Diffs) -> list[Shown]:
    """Tables and page of a run that goes on."""
    progress, best = run.progress, await run.database.best()
    head = [
        f"Best score **{progress.best_score}**, seed program {progress.seed_score}, so far.",
        f"{progress.finished} of {progress.total} generations, {known_and_unknown(progress.cost, progress.unpriced)}.",
    ]
    shown = page(run.evolution, head + _places(run), best, await diffs.of(best), [])
    return [shown, *await _tables(run)]


async def _tables(run: Run) -> list[Shown]:
    """The tables; none where the database takes no further connection, as one that is to end: it waits for the run's own."""
    try:
        async with asyncio.timeout(READ_LIMIT):
            async with EvolutionReader.open(run.settings.results_dir, run.evolution) as reader:
                return tables(run.evolution, await reader.overview())
    except (TimeoutError, DatabaseError) as error:
        logger.info("the tables in the Prefect UI stay as they are: %s", error or "the database does not answer")
        return []


def _places(run: Run) -> list[str]:
    folder = run.settings.results_dir
    lines = ["", f"Everything is in {code(str(folder), LONGEST_PATH)}."]
    if (folder / REPORT).is_file():
        lines.append(f"The report is {code(str(folder / REPORT), LONGEST_PATH)}: open it in a browser on that machine.")
    return lines


def _bar(run: Run) -> Shown:
    progress = run.progress
    percent = min(100.0 * progress.finished / max(progress.total, 1), 100.0)
    done = f"{progress.finished} of {progress.total} generations, best score {progress.best_score}"
    return Shown("progress", None, percent, f"{done}; results in {code(str(run.settings.results_dir), LONGEST_PATH)}")


async def publish(run: Run, summary: RunSummary) -> None:
    """Puts what the run came to on its page, however it ended."""
    flow_run = current_flow_run()
    if flow_run is None:
        return
    best = await run.database.best()
    head, tail = outcome(summary) + _places(run), search(summary, tuple(run.guide.advice))
    shown = page(run.evolution, head, best, await Diffs(run).of(best), tail)
    artifacts = FlowRunArtifacts(flow_run.id)
    try:
        async with get_client() as client:
            for each in [shown, *await _tables(run)]:
                await artifacts.put(client, each)
    except ORCHESTRATOR_AWAY as error:
        logger.warning("no report in the Prefect UI: %s", error)
