"""The runs of a table's systems, compared with those of one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from benchmarks.search.statistics import effect, holm, proportion_test, quantile, rank_test
from benchmarks.search.tasks import Task
from benchmarks.search.trace import SHARES, Trace

SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Line:
    """A system on a task.

    Attributes:
        best: By share of the evaluations, the best score of each run.
        escaped: Runs that left the trap of a deceptive task; None for others.
        p: Of no difference to the reference at the end, corrected for all comparisons of the table; None for the
            reference itself. On a deceptive task of how often the trap is left.
        effect: The chance that a run of the reference ends above one of this; None likewise.
    """

    system: str
    runs: Sequence[Trace]
    best: Mapping[float, Sequence[float]]
    escaped: int | None
    p: float | None = None
    effect: float | None = None

    @property
    def end(self) -> Sequence[float]:
        return self.best[1.0]

    @property
    def median(self) -> float:
        return median(self.end)

    @property
    def quartiles(self) -> tuple[float, float]:
        return quantile(self.end, 0.25), quantile(self.end, 0.75)

    @property
    def verdict(self) -> str:
        """What the reference is in comparison: `better`, `worse` or, when nothing is significant, nothing."""
        if self.p is None or self.effect is None or self.p >= SIGNIFICANT:
            return ""
        return "better" if self.effect > 0.5 else "worse"

    def mean(self, of: Callable[[Trace], float]) -> float:
        """The mean over the runs."""
        return fmean(of(run) for run in self.runs)


def lines(
    runs: Mapping[str, Mapping[str, Sequence[Trace]]], tasks: Mapping[str, Task], evaluations: int, reference: str
) -> dict[str, list[Line]]:
    """By task a line for each system that has runs, the better median first.

    Args:
        runs: By task and system.

    The corrected p are over all lines of all tasks, since all are looked at.
    """
    found = {
        task: [_line(system, its, tasks[task], evaluations) for system, its in of_task.items() if its]
        for task, of_task in runs.items()
    }
    raw: dict[tuple[str, str], float] = {}
    effects: dict[tuple[str, str], float] = {}
    for task, its in found.items():
        base = next((line for line in its if line.system == reference), None)
        for line in its if base is not None else ():
            if base is not None and line is not base and len(line.runs) > 1:
                raw[task, line.system] = _difference(base, line)
                effects[task, line.system] = _effect(base, line)
    corrected = dict(zip(raw, holm(list(raw.values())), strict=True))
    return {
        task: sorted(
            (
                Line(
                    line.system,
                    line.runs,
                    line.best,
                    line.escaped,
                    corrected.get((task, line.system)),
                    effects.get((task, line.system)),
                )
                for line in its
            ),
            key=lambda line: -line.median,
        )
        for task, its in found.items()
    }


def _line(system: str, runs: Sequence[Trace], task: Task, evaluations: int) -> Line:
    best = {share: [run.best(round(share * evaluations)) for run in runs] for share in SHARES}
    escaped = sum(score > task.module.TRAP for score in best[1.0]) if task.deceptive else None
    return Line(system, runs, best, escaped)


def _difference(base: Line, line: Line) -> float:
    if base.escaped is not None and line.escaped is not None:
        return proportion_test(base.escaped, len(base.runs), line.escaped, len(line.runs))
    return rank_test(base.end, line.end)


def _effect(base: Line, line: Line) -> float:
    if base.escaped is not None and line.escaped is not None:
        return effect(
            [1] * base.escaped + [0] * (len(base.runs) - base.escaped),
            [1] * line.escaped + [0] * (len(line.runs) - line.escaped),
        )
    return effect(base.end, line.end)
