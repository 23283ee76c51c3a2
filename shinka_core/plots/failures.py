"""Why generations ended without a program."""

from __future__ import annotations

from typing import Any

from shinka_core.plots.style import Run, colour, figure, nothing, opened, words

BLAMES = ("model", "candidate", "evaluator", "infrastructure", "us", "nobody")
MOST = 30


def plot_failures(run: Run) -> Any:
    """Failed generations by step and reason, coloured and named by whose fault they were.

    Returns:
        A matplotlib `Figure`.

    Raises:
        ConfigError: matplotlib is not installed.
        DatabaseError: There is no such evolution.
    """
    failures = opened(run).failures()[:MOST][::-1]
    made, (axes,) = figure(height=1.6 + 0.35 * max(len(failures), 2))
    if not failures:
        nothing(axes, "no generation has failed")
    for row, failure in enumerate(failures):
        blame = failure.blame.value if failure.blame else "nobody"
        axes.barh(row, failure.count, color=colour(BLAMES.index(blame)))
        axes.annotate(
            f"{failure.count}  {blame}",
            (failure.count, row),
            (4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    axes.set_yticks(range(len(failures)), [words(f"{failure.step}: {failure.reason}") for failure in failures])
    axes.set_xlabel("generations")
    axes.margins(x=0.15)
    return made
