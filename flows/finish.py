"""The end of a run: its best program on disk, what it all came to, and last what the UI shows of it."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import asdict, replace
from pathlib import Path

from flows.orchestrator.artifacts import publish
from shinka_core.database import RunSummary
from shinka_core.edit.apply import unified_diff
from shinka_core.run import Run

logger = logging.getLogger("shinka.finish")

BEST = "best"
SUMMARY = "summary.json"
# Seconds for the report in the Prefect UI; the results are on disk by then.
REPORT = 60.0
REPORT_OF_A_STOP = 5.0


async def finish(run: Run, stopped: str) -> RunSummary:
    """Writes `best/` and `summary.json`, and gives the evolution back.

    Args:
        stopped: Why the run ended early, or "".
    """
    summary = replace(
        await run.database.summary(),
        results_dir=str(run.settings.results_dir),
        seconds=run.seconds_before + run.progress.seconds,
        stopped_early=stopped,
    )
    await write_best(run)
    text = json.dumps(asdict(summary), indent=2)
    (run.settings.results_dir / SUMMARY).write_text(text, encoding="utf-8")
    await run.database.finish("stopped" if stopped else "finished")
    try:
        async with asyncio.timeout(REPORT_OF_A_STOP if stopped else REPORT):
            await publish(run, summary)
    except TimeoutError:
        logger.warning("no report in the Prefect UI: its server does not answer")
    return summary


async def write_best(run: Run) -> Path | None:
    """Writes the best program, its diff against the seed program, and where it comes from."""
    best = await run.database.best()
    if best is None:
        return None
    folder = run.settings.results_dir / BEST
    folder.mkdir(exist_ok=True)
    (folder / f"main{run.seed_program.extension}").write_text(best.code, encoding="utf-8")
    (folder / "seed_to_best.diff").write_text(unified_diff(run.seed_program.code, best.code) + "\n", encoding="utf-8")
    about = {
        "generation": best.generation,
        "score": best.score,
        "name": best.name,
        "description": best.description,
        "model": best.model,
        "public_metrics": best.public_metrics,
    }
    (folder / "about.json").write_text(json.dumps(about, indent=2), encoding="utf-8")
    return folder
