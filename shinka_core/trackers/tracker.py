"""What a tracker is: callbacks that keep numbers of a run elsewhere, a step for each generation that ends."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from shinka_core.callbacks import Begun, Callbacks
from shinka_core.database import RunSummary
from shinka_core.errors import ConfigError
from shinka_core.program import Failure, Program
from shinka_core.registry import Registry

# In the results folder: the names that trackers have for the run, so that a resume goes on with the same ones.
KEPT = "trackers.json"


class Tracker(Callbacks):
    """Turns what is told into numbers; a subclass says where they go.

    A step is a generation that has ended, in the order in which they end, counted over all sessions.
    """

    def __init__(self) -> None:
        self._run: Begun | None = None
        self._best: float | None = None
        self._failures: Counter[str] = Counter()
        self._now: dict[str, float] = {}

    def start(self, run: Begun) -> None:
        """A run begins or is resumed; raise if it cannot be tracked."""
        raise NotImplementedError

    def log(self, numbers: Mapping[str, float], step: int) -> None:
        """Keeps the numbers of a step."""
        raise NotImplementedError

    def finish(self, summary: RunSummary, files: Mapping[str, Path]) -> None:
        """The run has ended.

        Args:
            files: What is worth keeping of it, as far as it was written, by the path in the results folder: the best
                program, its diff, the summary.
        """
        raise NotImplementedError

    def on_begin(self, run: Begun) -> None:
        """Begins."""
        self._best, self._failures, self._now = run.best_score, Counter(run.failures), {}
        self._run = None  # and nothing is told to one that could not begin
        self.start(run)
        self._run = run

    def on_program(self, program: Program) -> None:
        """Takes note of its score."""
        self._now = {"correct": float(program.correct), "evaluation_seconds": program.evaluation_seconds}
        if program.score is not None:
            self._now["score"] = program.score

    def on_best(self, program: Program) -> None:
        """Takes note of the best score."""
        self._best = program.score

    def on_failure(self, generation: int, failure: Failure) -> None:  # noqa: ARG002 - as it is told
        """Counts it."""
        self._failures[f"{failure.step}: {failure.reason}"] += 1

    def on_generation(self, generation: int, ended: int) -> None:
        """Keeps the numbers of the step."""
        if self._run is None:
            return
        numbers = {"generation": float(generation), "cost": self._run.spent(), **self._now}
        if self._best is not None:
            numbers["best_score"] = self._best
        numbers["failures"] = float(self._failures.total())
        numbers |= {f"failures/{reason.replace(': ', '.')}": float(count) for reason, count in self._failures.items()}
        self._now = {}
        self.log(numbers, self._run.ended + ended)

    def on_end(self, summary: RunSummary) -> None:
        """Ends."""
        if self._run is None:
            return
        folder = self._run.results_dir
        there = [*sorted((folder / "best").rglob("*")), folder / "summary.json"]
        self._run = None
        self.finish(summary, {path.relative_to(folder).as_posix(): path for path in there if path.is_file()})


TRACKERS: Registry[Callbacks] = Registry("tracker", "shinka.trackers", ("on_begin", "on_generation", "on_end"))


def need(module: str, tracker: str, extra: str) -> None:
    """Looks whether a library is installed, without loading it.

    Raises:
        ConfigError: It is not.
    """
    if find_spec(module) is None:
        raise ConfigError(
            f"{tracker} needs {module}, which is not installed; `pip install 'shinka-prefect[{extra}]'`, or take the "
            "tracker out"
        )


def kept_name(results_dir: Path, tracker: str) -> str | None:
    """The name that a tracker has for the run in that folder; None when there is none yet."""
    return _kept(results_dir).get(tracker)


def keep_name(results_dir: Path, tracker: str, name: str) -> None:
    """Takes note of it."""
    text = json.dumps(_kept(results_dir) | {tracker: name}, indent=2)
    new = results_dir / f".{KEPT}.new"
    new.write_text(text, encoding="utf-8")
    new.replace(results_dir / KEPT)


def _kept(results_dir: Path) -> dict[str, str]:
    try:
        known: Any = json.loads((results_dir / KEPT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(known, dict):
        return {}
    return {str(name): str(value) for name, value in cast("dict[Any, Any]", known).items()}


def flat(settings: Mapping[str, Any], before: str = "") -> dict[str, str]:
    """Settings as texts by their path, `evolution.num_generations`; lists and what is empty as JSON."""
    found: dict[str, str] = {}
    for name, value in settings.items():
        path = f"{before}{name}"
        if isinstance(value, dict) and value:
            found |= flat(cast("dict[str, Any]", value), f"{path}.")
        else:
            found[path] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return found
