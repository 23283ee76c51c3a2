"""What the Prefect UI shows of an evolution beside its runs: a progress bar and a report."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import UUID

from prefect.artifacts import acreate_markdown_artifact, acreate_progress_artifact, aupdate_progress_artifact
from prefect.client.orchestration import PrefectClient
from prefect.context import FlowRunContext

from flows.islands import COLUMNS, island_rows
from flows.orchestrator.server_calls import ORCHESTRATOR_AWAY, ServerCalls
from shinka_core.bounds import within
from shinka_core.database import RunSummary
from shinka_core.edit.unified import unified_diff
from shinka_core.errors import OrchestratorError
from shinka_core.run import Run

logger = logging.getLogger("shinka.board")

UPDATE_PERIOD = 5.0
DIFF_LIMIT = 20_000
LONGEST_KEY = 100
# Ideas in the report, the newest ones, and characters of a title there: what would end its cell or pass for markup is none.
MOST_IDEAS, LONGEST_TITLE = 100, 200
PLAIN = str.maketrans(dict.fromkeys("|<>`*_[]\n", " "))


class Board:
    """The progress bar of one run. It is decoration: nothing waits for it."""

    def __init__(self, run: Run, calls: ServerCalls) -> None:
        self._run = run
        self._calls = calls
        self._artifact: UUID | None = None

    @asynccontextmanager
    async def shown(self) -> AsyncGenerator[None, None]:
        """Puts the bar up and keeps it up to date inside the block."""
        if FlowRunContext.get() is None:
            yield
            return
        moving = asyncio.create_task(self._keep_moving())
        try:
            yield
        finally:
            moving.cancel()
            await asyncio.wait([moving])
            if self._artifact is not None:
                self._calls.later("the progress bar", self._move)

    async def _keep_moving(self) -> None:
        try:
            if self._artifact is None:
                self._artifact = await self._calls.call("put up the progress bar", self._put_up)
            while True:
                await asyncio.sleep(UPDATE_PERIOD)
                await self._calls.call("move the progress bar", self._move)
        except (*ORCHESTRATOR_AWAY, OrchestratorError) as error:
            logger.info("no progress bar in the Prefect UI: %s", error)

    async def _put_up(self, _: PrefectClient) -> UUID:
        return await acreate_progress_artifact(progress=self._percent(), description=self._description())

    async def _move(self, _: PrefectClient) -> None:
        assert self._artifact is not None
        await aupdate_progress_artifact(self._artifact, progress=self._percent(), description=self._description())

    def _percent(self) -> float:
        return min(100.0 * self._run.progress.finished / max(self._run.progress.total, 1), 100.0)

    def _description(self) -> str:
        progress = self._run.progress
        done = f"{progress.finished} of {progress.total} generations, best score {progress.best_score}"
        return f"{done}; results in {self._run.settings.results_dir}"


async def publish(run: Run, summary: RunSummary) -> None:
    """Puts the outcome, the best program and its diff on the run's page."""
    if FlowRunContext.get() is None:
        return
    best = await run.database.best()
    lines = [f"# {summary.evolution}", "", f"Best score **{summary.best_score}**, seed program {summary.seed_score}."]
    lines.append(
        f"{summary.programs} programs ({summary.correct} correct), ${summary.cost:.4f}, {summary.seconds:.0f} s."
    )
    if summary.reached:
        lines += ["", f"The run has ended because {summary.reached}."]
    lines += ["", f"Everything is in `{run.settings.results_dir}`."]
    lines += [f"- failed: {reason}: {count}" for reason, count in summary.failures.items()]
    lines += _islands(summary)
    if best is not None:
        diff = within(await asyncio.to_thread(unified_diff, run.seed_program.source, best.source), DIFF_LIMIT)
        lines += [
            "",
            f"Generation {best.generation}, `{best.model or 'seed'}`: {best.name}",
            "",
            "~~~diff",
            diff,
            "~~~",
        ]
    lines += _ideas(summary)
    if run.guide.advice:
        lines += ["", "## Advice in force", *(f"\n{point}" for point in run.guide.advice)]
    try:
        await acreate_markdown_artifact(
            "\n".join(lines), key=_key(summary.evolution), description=f"Outcome of {summary.evolution}"
        )
    except ORCHESTRATOR_AWAY as error:
        logger.warning("no report in the Prefect UI: %s", error)


def _islands(summary: RunSummary) -> list[str]:
    """A table of the islands where there are several."""
    if len(summary.islands) < 2:
        return []
    rows = [COLUMNS, tuple("---" for _ in COLUMNS), *island_rows(summary.islands)]
    return ["", *(f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in rows)]


def _ideas(summary: RunSummary) -> list[str]:
    """A table of the ideas and what came of each; nothing where there were none."""
    if not summary.ideas:
        return []
    rows = [
        f"| {idea.asked_at} | {within(idea.title, LONGEST_TITLE).translate(PLAIN)} | "
        f"{', '.join(map(str, idea.generations)) or 'none'} | {'none' if idea.gain is None else f'{idea.gain:+.6g}'} |"
        for idea in summary.ideas[-MOST_IDEAS:]
    ]
    return [
        "",
        "## Ideas",
        "",
        "| after programs | idea | tried by generations | gain |",
        "| --- | --- | --- | --- |",
        *rows,
    ]


def _key(name: str) -> str:
    """Artifact keys hold lower-case letters, digits and dashes alone; names that lose by it stay apart."""
    key = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:LONGEST_KEY]
    digest = "" if key == name else f"-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return f"evolution-{key}{digest}".replace("--", "-")
