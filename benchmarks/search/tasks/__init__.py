"""The tasks: a folder each, with a seed program (`initial.py`) and an evaluator (`evaluate.py`)."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from benchmarks.search.evaluator import Score, measured

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Task:
    """One task.

    Attributes:
        entry: The function that its programs define outside the part that changes: programs are known by it.
        deceptive: Has a trap: what counts is how often a search leaves it.
    """

    name: str
    title: str
    entry: str
    deceptive: bool = False

    @property
    def folder(self) -> Path:
        return FOLDER / self.name

    @cached_property
    def initial(self) -> str:
        """The seed program's text."""
        return (self.folder / "initial.py").read_text(encoding="utf-8")

    @cached_property
    def module(self) -> Any:
        """Its evaluator: `score`, and constants of the task."""
        return importlib.import_module(f"{__name__}.{self.name}.evaluate")

    @property
    def score(self) -> Score:
        return self.module.score

    @property
    def optimum(self) -> float:
        """The best that is possible or known; the evaluator's docstring says which, and where from."""
        return self.module.OPTIMUM

    def measured(self, text: str) -> tuple[float, str | None]:
        """A program's score, and what was wrong if it has no valid one."""
        return measured(self.score, text)


TASKS = {
    task.name: task
    for task in (
        Task("circle_packing", "26 circles in a square, sum of radii", "run_packing"),
        Task("heilbronn", "11 points in a triangle, smallest area", "run_points"),
        Task("rugged", "ten constants, shifted Lunacek bi-Rastrigin", "run_params"),
        Task("bin_packing", "online bin packing, Weibull items", "run_priority"),
        Task("signal", "filtering noisy signals in real time", "run_filter"),
        Task("transactions", "scheduling transactions that conflict", "run_schedule"),
        Task("funnel", "six constants, a wide funnel that is wrong", "run_coordinates", deceptive=True),
    )
}


def task_of(program: str) -> Task | None:
    """Whose program a text is, by the entry that it defines."""
    return next((task for task in TASKS.values() if f"def {task.entry}(" in program), None)
