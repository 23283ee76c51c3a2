"""Comparisons as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from benchmarks.search.comparison import Line
from benchmarks.search.tasks import Task
from benchmarks.search.trace import SHARES, Trace
from benchmarks.table import Row, markdown

NONE = "-"


def section(task: Task, lines: Sequence[Line], reference: str) -> str:
    """All about one task."""
    head = (
        f"### {task.name}: {task.title}\n\nOptimum or best known: {_score(task.optimum)}. Compared with `{reference}`."
    )
    return f"{head}\n\n{markdown([_row(line) for line in lines])}"


def _row(line: Line) -> Row:
    low, high = line.quartiles
    row: Row = {"system": line.system, "n": len(line.runs)}
    row |= {f"{share:.0%}": _score(median(line.best[share])) for share in SHARES}
    row |= {"quartiles at the end": f"{_score(low)} to {_score(high)}"}
    if line.escaped is not None:
        row |= {"out of the trap": f"{line.escaped} of {len(line.runs)}"}
    row |= {
        "p": NONE if line.p is None else _p(line.p),
        "A12": NONE if line.effect is None else f"{line.effect:.2f}",
        "reference is": line.verdict or NONE,
        "wrong": f"{line.mean(lambda run: run.correct[1:].count(False) / max(1, len(run))):.0%}",
        "copies": f"{line.mean(lambda run: 1 - len(set(run.digests)) / len(run.digests)):.0%}",
        "calls each": f"{line.mean(lambda run: run.calls / max(1, len(run))):.2f}",
        "prompt tokens each": _tokens(line, "prompt"),
        "of them cached": _cached(line),
    }
    return row


def summary(found: Mapping[str, Sequence[Line]], reference: str) -> str:
    """The medians at the end, a row for each system, `>` where the reference is significantly better, `<` where worse."""
    systems = dict.fromkeys(line.system for lines in found.values() for line in lines)
    marks = {"better": " >", "worse": " <", "": ""}
    rows: list[Row] = []
    for system in systems:
        row: Row = {"system": system}
        better = worse = 0
        for task, lines in found.items():
            line = next((line for line in lines if line.system == system), None)
            row[task] = NONE if line is None else _score(line.median) + marks[line.verdict]
            better += line is not None and line.verdict == "better"
            worse += line is not None and line.verdict == "worse"
        row[f"`{reference}` better"], row["worse"] = (NONE, NONE) if system == reference else (better, worse)
        rows.append(row)
    return markdown(rows) if rows else "No runs."


def _score(value: float) -> str:
    return f"{value:.4g}" if abs(value) < 0.1 else f"{value:.4f}"


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _tokens(line: Line, name: str) -> str:
    if not all(name in run.extra for run in line.runs):
        return NONE
    return f"{line.mean(lambda run: run.extra[name] / max(1, run.calls)):.0f}"


def _cached(line: Line) -> str:
    def share(run: Trace) -> float:
        return run.extra.get("cached", 0) / max(1, run.extra["prompt"])

    return f"{line.mean(share):.0%}" if all("prompt" in run.extra for run in line.runs) else NONE
