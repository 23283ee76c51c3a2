"""Who is told of a run, and what of it at its beginning."""

from __future__ import annotations

from flows.orchestrator.evolution_run import listeners
from shinka_core.callbacks import Begun
from shinka_core.run import Run
from shinka_core.settings import kept
from shinka_core.trackers import trackers_of


def told_of(run: Run) -> tuple[object, ...]:
    """The callbacks of the program that runs it, and the trackers of its settings."""
    return (*listeners(), *trackers_of(run.settings.evolve.trackers))


def begun(run: Run) -> Begun:
    """What they are told first."""
    settings, progress = run.settings, run.progress
    return Begun(
        evolution=run.evolution,
        results_dir=settings.results_dir,
        settings=kept(settings),
        generations=progress.total,
        ended=progress.finished,
        best_score=progress.best_score,
        failures=dict(progress.failures),
        spent=lambda: progress.cost,
    )
