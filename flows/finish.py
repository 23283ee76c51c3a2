"""The end of a run: its best program on disk, what it all came to, and last what the UI shows of it."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Completed, Failed

from flows.orchestrator.artifacts import publish
from flows.reporting import write_report
from flows.stopping import CANCELLED
from shinka_core.database import RunSummary
from shinka_core.edit.unified import unified_diff
from shinka_core.errors import DatabaseError, OwnershipLostError, ShinkaError, UnfinishedError
from shinka_core.run import Run
from shinka_core.source_folder import contents_of, place_of, write_program
from shinka_core.starting import seed_summaries

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
    if isinstance(run.database.lost, OwnershipLostError):
        # The folder and the evolution are another's now, who writes them at its own end.
        here = str(run.settings.results_dir)
        return replace(_counted_here(run), results_dir=here, seconds=run.progress.seconds, stopped_early=stopped)
    faults: list[str] = []
    counted = _counted_here(run)
    with _noted(faults, "the database could not be read"):
        counted = await run.database.summary()
        seeds = await seed_summaries(run.database, run.seeds, run.settings.database.num_islands)
        counted = replace(counted, seeds=seeds)
    with _noted(faults, "best/ could not be written"):
        if not faults:
            await write_best(run)
    with _noted(faults, "what was written about the search could not be written down"):
        if not faults:
            await run.guide.report(run)
    summary = replace(
        counted,
        results_dir=str(run.settings.results_dir),
        seconds=run.seconds_before + run.progress.seconds,
        last_error=run.last_error,
        reached=run.control.reason if run.control.closing else "",
    )
    summary = replace(summary, stopped_early="; ".join(filter(None, [stopped, *faults])))
    with _noted(faults, f"{SUMMARY} could not be written"):
        _write(run.settings.results_dir / SUMMARY, json.dumps(asdict(summary), indent=2))
    with _noted(faults, "the end could not be stored"):
        async with asyncio.timeout(FAREWELL if faults else None):  # a database that has gone is not waited for
            await run.database.finish("stopped" if stopped or faults else "finished")
    if faults:
        logger.error("%s", "; ".join(faults))
        summary = replace(summary, stopped_early="; ".join(filter(None, [stopped, *faults])))
    if not faults:
        await write_report(run)
    await _report(run, summary)
    return summary


def final_state(run: Run, summary: RunSummary) -> RunSummary | State[RunSummary]:
    """What the flow run of an evolution ends in: its message says in the UI what there is to say."""
    if summary.stopped_early == CANCELLED:
        return Cancelled(message=summary.stopped_early, data=summary)
    if run.control.interrupted:
        # The signal may be the runner's, on behalf of a cancellation: the server then takes no other state, and a
        # value needs none.
        return summary
    if summary.stopped_early:
        message = f"stopped early: {summary.stopped_early}"[:STATE_MESSAGE]
        if not run.control.outage:
            return Completed(message=message, data=summary)
    elif not (message := summary.nothing_made[:STATE_MESSAGE]):
        return Completed(message=(summary.reached or _came_to(summary))[:STATE_MESSAGE], data=summary)
    return Failed(message=message, data=UnfinishedError(message, summary))


def _came_to(summary: RunSummary) -> str:
    if summary.best_score is None:
        return f"{summary.programs} programs, none of them correct"
    return f"best score {summary.best_score:.6g} (generation {summary.best_generation}), {summary.programs} programs"


@contextmanager
def _noted(faults: list[str], what: str) -> Generator[None, None, None]:
    """Lets the end go on without what fails here, and takes note of it."""
    try:
        yield
    except (DatabaseError, OSError) as error:
        faults.append(f"{what} ({error or type(error).__name__})")


async def finish_broken(run: Run, error: Exception) -> RunSummary | None:
    """The same when the run broke off; the error that it broke off with is the one to be told, whatever happens here."""
    try:
        return await finish(
            run, f"{type(error).__name__}: {error}" if not isinstance(error, ShinkaError) else str(error)
        )
    except Exception:
        logger.exception("while writing the results of a run that broke off")
        return None


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


def _write(path: Path, text: str | bytes) -> None:
    """Writes a file as a whole or not at all: a run may be killed here too."""
    new = path.with_name(f".{path.name}.new")
    new.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    new.replace(path)


async def write_best(run: Run) -> Path | None:
    """Writes the best program, its diff against the seed program, and where it comes from."""
    best = await run.database.best()
    if best is None:
        return None
    folder = run.settings.results_dir / BEST
    folder.mkdir(exist_ok=True)
    place = place_of(best.source, folder, run.seed_program.extension)
    await asyncio.to_thread(write_program, place, contents_of(best.source))
    diff = await asyncio.to_thread(unified_diff, run.seed_program.source, best.source, ("seed", "best"))
    _write(folder / "seed_to_best.diff", diff + "\n")
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
