"""Which systems, tasks and budgets make which table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.search import systems
from benchmarks.search.tasks import TASKS
from benchmarks.search.variants import OFF

HONEST = tuple(name for name, task in TASKS.items() if not task.deceptive)
DECEPTIVE = tuple(name for name, task in TASKS.items() if task.deceptive)


@dataclass(frozen=True)
class Table:
    """A table, unless the command line says otherwise.

    Attributes:
        reference: The system that all others are compared with.
    """

    title: str
    systems: Sequence[str]
    reference: str = "ours"
    tasks: Sequence[str] = HONEST
    evaluations: int = 150


TABLES = {
    "main": Table("Ours, the peers and the baselines", [*systems.BASELINES, *systems.OURS, *systems.PEERS]),
    "ablation": Table("Ours with one part on or off", ["ours", *systems.PARTS]),
    "defaults": Table(
        "What the defaults might be, simulated", [*systems.SIMULATED, "hill-climbing"], reference="simulated"
    ),
    "parts": Table(
        "The defaults with one part on or off, simulated",
        ["simulated", "without-tuning", "one-island", "evaluates-copies", *OFF, "hill-climbing"],
        reference="simulated",
        evaluations=500,
    ),
    "funnel": Table(
        "Out of the wrong funnel",
        [*systems.BASELINES, *systems.OURS, *systems.PEERS],
        tasks=DECEPTIVE,
        evaluations=600,
    ),
}
