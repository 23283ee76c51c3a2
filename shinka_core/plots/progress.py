"""How the best score rose: of one run with all its programs, or of several beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from shinka_core.errors import ConfigError
from shinka_core.plots.style import GREY, Run, colour, figure, legend, line, nothing, opened, words
from shinka_core.report.bands import bands
from shinka_core.report.progress import Over, Progress

TITLES = {
    "generation": "generation",
    "programs": "programs recorded",
    "seconds": "seconds at work",
    "dollars": "US dollars",
}
MANY = 1_000


def plot_progress(
    runs: Run | Sequence[Run] | Mapping[str, Run | Sequence[Run]], over: Over = "generation", *, log: bool = False
) -> Any:
    """Scores and the running best.

    Args:
        runs: One run, as an `Evolution`, its results folder or URL: every program is a dot. Several: a line each.
            By name, and of several seeds each: the median as a line, in the band between the lowest and the highest.
        over: `generation`, `programs`, `seconds` (at work, pauses between sessions left out) or `dollars`.
        log: Whether that axis is logarithmic.

    Returns:
        A matplotlib `Figure`, which a notebook shows; `savefig` writes it.

    Raises:
        ConfigError: matplotlib is not installed, or there are no runs or no such axis.
        DatabaseError: There is no such evolution.
    """
    groups = _groups(runs)
    made, (axes,) = figure()
    if len(groups) == 1 and len(groups[0][1]) == 1:
        _one(axes, groups[0][1][0], over)
    else:
        for index, (name, some) in enumerate(groups):
            _several(axes, index, name, some, over)
    legend(axes)
    axes.set_xlabel(TITLES[over])
    axes.set_ylabel("score")
    if log:
        axes.set_xscale("log" if over == "dollars" else "symlog")
    return made


def _groups(runs: Run | Sequence[Run] | Mapping[str, Run | Sequence[Run]]) -> list[tuple[str, list[Progress]]]:
    if isinstance(runs, Mapping):
        named = [(name, [opened(run).progress() for run in _listed(some)]) for name, some in runs.items()]
    else:
        everyone = [opened(run) for run in _listed(runs)]
        named = [(run.name, [run.progress()]) for run in everyone]
    if not named or not all(some for _, some in named):
        raise ConfigError(f"plot_progress({runs!r}): there is no run to plot; give an evolution, or several")
    return named


def _listed(runs: Run | Sequence[Run]) -> list[Run]:
    return list(runs) if isinstance(runs, list | tuple) else [runs]  # pyright: ignore[reportReturnType]


def _one(axes: Any, run: Progress, over: Over) -> None:
    x = run.over(over)
    if not len(x):
        nothing(axes, "no program is recorded yet")
    size, alpha = (3.5, 0.6) if len(x) <= MANY else (1.5, 0.3)
    for there, label, marker, shade in (
        (run.correct, "correct", "o", GREY),
        (~run.correct, "not correct", "x", colour(1)),
    ):
        scored = there & ~np.isnan(run.score)
        if scored.any():
            axes.plot(x[scored], run.score[scored], marker, color=shade, ms=size, alpha=alpha, ls="", label=label)
    best = run.steps(over)
    if not np.isnan(best[1]).all():
        axes.step(*best, where="post", color=colour(0), lw=1.8, label="best so far")


def _several(axes: Any, index: int, name: str, runs: list[Progress], over: Over) -> None:
    found = bands(runs, over)
    if not found.runs:
        return
    label = words(name) if found.runs == 1 else f"{words(name)} (median of {found.runs})"
    if found.runs > 1:
        axes.fill_between(found.x, found.low, found.high, step="post", color=colour(index), alpha=0.18, lw=0)
    axes.step(found.x, found.median, where="post", color=colour(index), ls=line(index), lw=1.8, label=label)
