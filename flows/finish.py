"""The end of a run: its best program on disk, what it all came to, and last what the UI shows of it."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import asdict, replace
from pathlib import Path

from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Completed, Failed

from flows.orchestrator.artifacts import publish
from flows.stopping import CANCELLED
from shinka_core.database import RunSummary
from shinka_core.edit.apply import unified_diff
from shinka_core.errors import DatabaseError, ShinkaError, UnfinishedError
from shinka_core.run import Run

logger = logging.getLogger("shinka.finish")

BEST = "best"
SUMMARY = "summary.json"
# Seconds for the report in the Prefect UI; the results are on disk by then.
REPORT = 60.0
REPORT_OF_A_STOP = 5.0
FAREWELL = 5.0
STATE_MESSAGE = 1_000


async def finish(run: Run, stopped: str) -> RunSummary:
    """Writes `best/` and `summary.json`, and gives the evolution back: as much of it as can be done.

    A run ends with what it came to also where its database or its disk has gone; what could not be done is said.

    Args:
        stopped: Why the run ended early, or "".
    """
    missing: list[str] = []
    try:
        counted = await run.database.summary()
    except DatabaseError as error:
        missing.append(f"the database could not be read ({error})")
        counted = _counted_here(run)
    else:
        try:
            await write_best(run)
        except (DatabaseError, OSError) as error:
            missing.append(f"best/ could not be written ({error})")
    summary = replace(
        counted,
        results_dir=str(run.settings.results_dir),
        seconds=run.progress.seconds,
        stopped_early="; ".join(filter(None, [stopped, *missing])),
        last_error=run.last_error,
    )
    try:
        _write(run.settings.results_dir / SUMMARY, json.dumps(asdict(summary), indent=2))
        async with asyncio.timeout(
            FAREWELL if missing else None
        ):  # a database that could not be read is not waited for
            await run.database.finish("stopped" if summary.stopped_early else "finished")
    except (DatabaseError, OSError, TimeoutError) as error:
        missing.append(f"the end could not be stored ({error})")
        summary = replace(summary, stopped_early="; ".join(filter(None, [stopped, *missing])))
    if missing:
        logger.error("%s", "; ".join(missing))
    await _report(run, summary)
    return summary


def final_state(run: Run, summary: RunSummary) -> RunSummary | State[RunSummary]:
    """What the flow run of an evolution ends in: its message says in the UI what there is to say."""
    if summary.stopped_early == CANCELLED:
        return Cancelled(message=summary.stopped_early, data=summary)
    if summary.stopped_early:
        message = f"stopped early: {summary.stopped_early}"[:STATE_MESSAGE]
        if not run.outage:
            return Completed(message=message, data=summary)
    elif not (message := summary.nothing_made[:STATE_MESSAGE]):
        return summary
    return Failed(message=message, data=UnfinishedError(message, summary))


async def finish_broken(run: Run, error: Exception) -> None:
    """The same when the run broke off; the error that it broke off with is the one to be told, whatever happens here."""
    try:
        await finish(run, f"{type(error).__name__}: {error}" if not isinstance(error, ShinkaError) else str(error))
    except Exception:
        logger.exception("while writing the results of a run that broke off")


async def _report(run: Run, summary: RunSummary) -> None:
    try:
        async with asyncio.timeout(REPORT_OF_A_STOP if summary.stopped_early else REPORT):
            await publish(run, summary)
    except TimeoutError:
        logger.warning("no report in the Prefect UI: its server does not answer")
    except DatabaseError as error:
        logger.warning("no report in the Prefect UI: %s", error)


def _counted_here(run: Run) -> RunSummary:
    """What this process knows without the database."""
    progress = run.progress
    generations = progress.finished + (progress.seed_score is not None)
    return RunSummary(
        evolution=run.evolution,
        programs=generations - progress.failures.total(),
        correct=progress.correct,
        best_score=progress.best_score,
        best_generation=progress.best_generation,
        seed_score=progress.seed_score,
        failures=dict(progress.failures),
        models={},
        evaluation_seconds=0.0,
        cost=progress.cost,
        generations=generations,
    )


def _write(path: Path, text: str) -> None:
    """Writes a file as a whole or not at all: a run may be killed here too."""
    new = path.with_name(f".{path.name}.new")
    new.write_text(text, encoding="utf-8")
    new.replace(path)


async def write_best(run: Run) -> Path | None:
    """Writes the best program, its diff against the seed program, and where it comes from."""
    best = await run.database.best()
    if best is None:
        return None
    folder = run.settings.results_dir / BEST
    folder.mkdir(exist_ok=True)
    _write(folder / f"main{run.seed_program.extension}", best.code)
    _write(folder / "seed_to_best.diff", unified_diff(run.seed_program.code, best.code) + "\n")
    about = {
        "generation": best.generation,
        "score": best.score,
        "name": best.name,
        "description": best.description,
        "model": best.model,
        "public_metrics": best.public_metrics,
    }
    _write(folder / "about.json", json.dumps(about, indent=2))
    return folder
