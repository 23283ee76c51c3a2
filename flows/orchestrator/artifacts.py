"""What the Prefect UI shows of an evolution beside its runs: a progress bar and a report."""

from __future__ import annotations

import logging
import re
import time
from uuid import UUID

import httpx
from prefect.artifacts import acreate_markdown_artifact, acreate_progress_artifact, aupdate_progress_artifact
from prefect.context import FlowRunContext
from prefect.exceptions import PrefectException

from shinka_core.database import RunSummary
from shinka_core.edit.apply import unified_diff
from shinka_core.run import Run

logger = logging.getLogger("shinka.board")

UPDATE_PERIOD = 5.0
DIFF_LIMIT = 20_000


class Board:
    """The progress bar of one run; it is decoration, so an absent server is only noted."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._artifact: UUID | None = None
        self._updated_at = 0.0

    async def open(self) -> None:
        """Puts the bar up."""
        if FlowRunContext.get() is None:
            return
        try:
            self._artifact = await acreate_progress_artifact(progress=self._percent(), description=self._description())
        except (httpx.HTTPError, PrefectException) as error:
            logger.warning("no progress bar in the Prefect UI: %s", error)

    async def update(self) -> None:
        """Moves the bar, every few seconds at most."""
        due = time.monotonic() - self._updated_at > UPDATE_PERIOD or self._percent() >= 100
        if self._artifact is None or not due:
            return
        self._updated_at = time.monotonic()
        try:
            await aupdate_progress_artifact(self._artifact, progress=self._percent(), description=self._description())
        except (httpx.HTTPError, PrefectException) as error:
            logger.warning("the progress bar in the Prefect UI was not moved: %s", error)

    def _percent(self) -> float:
        return min(100.0 * self._run.progress.finished / max(self._run.progress.total, 1), 100.0)

    def _description(self) -> str:
        progress = self._run.progress
        return f"{progress.finished} of {progress.total} generations, best score {progress.best_score}"


async def publish(run: Run, summary: RunSummary) -> None:
    """Puts the outcome, the best program and its diff on the run's page."""
    if FlowRunContext.get() is None:
        return
    best = await run.database.best()
    lines = [f"# {summary.evolution}", "", f"Best score **{summary.best_score}**, seed program {summary.seed_score}."]
    lines.append(
        f"{summary.programs} programs ({summary.correct} correct), ${summary.cost:.4f}, {summary.seconds:.0f} s."
    )
    lines += [f"- failed: {reason}: {count}" for reason, count in summary.failures.items()]
    if best is not None:
        diff = unified_diff(run.seed_program.code, best.code)[:DIFF_LIMIT]
        lines += [
            "",
            f"Generation {best.generation}, `{best.model or 'seed'}`: {best.name}",
            "",
            "~~~diff",
            diff,
            "~~~",
        ]
    try:
        await acreate_markdown_artifact(
            "\n".join(lines), key=_key(summary.evolution), description=f"Outcome of {summary.evolution}"
        )
    except (httpx.HTTPError, PrefectException) as error:
        logger.warning("no report in the Prefect UI: %s", error)


def _key(name: str) -> str:
    """Artifact keys hold lower-case letters, digits and dashes alone."""
    return f"evolution-{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}"
