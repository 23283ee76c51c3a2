"""Who comes from whom, with the line of the best program in front."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np

from shinka_core.plots.style import GREY, Run, colour, figure, legend, nothing, opened
from shinka_core.report.lineage import ancestors, tree

FEW = 500


def plot_lineage(run: Run, of: int | str | None = None) -> Any:
    """All programs as a tree over generations, coloured by score, and the line of one of them.

    Args:
        of: Whose line is drawn: a generation, or the id of a program; None: the best program's.

    Returns:
        A matplotlib `Figure`.

    Raises:
        ConfigError: matplotlib is not installed.
        DatabaseError: There is no such evolution or program.
    """
    evolution = opened(run)
    shown = [one for one in evolution.lineage() if one.generation >= 0]
    chosen = evolution.best() if of is None else evolution.program(of)
    placed = tree(shown)
    made, (axes,) = figure(height=6.0)
    if not len(placed):
        nothing(axes, "no program is recorded yet")
        return made
    places = np.column_stack([placed.generation.astype(float), placed.row])
    born = placed.parent >= 0
    edges = np.stack([places[placed.parent[born]], places[born]], axis=1)
    collections: Any = import_module("matplotlib.collections")
    axes.add_collection(collections.LineCollection(edges, colors=GREY, linewidths=0.5, alpha=0.5))
    size = 18 if len(placed) <= FEW else 4
    correct = np.array([one.correct and one.score is not None for one in shown])
    score = np.array([np.nan if one.score is None else one.score for one in shown])
    axes.scatter(*places[~correct].T, s=size, marker="x", color=GREY, lw=0.8, label="not correct")
    if correct.any():
        # A few that are far worse than all others would take the colours for themselves.
        lowest = float(np.quantile(score[correct], 0.05))
        dots = axes.scatter(*places[correct].T, s=size, c=score[correct], cmap="cividis", vmin=lowest, zorder=2)
        made.colorbar(dots, ax=axes, label="score", extend="min")
    if chosen is not None:
        by_id = {one.id: one for one in shown}
        index = {program: place for place, program in enumerate(placed.ids)}
        way = places[[index[one] for one in ancestors(by_id, chosen.id)]]
        axes.plot(
            *way.T, "-o", color=colour(1), lw=1.8, ms=4, zorder=3, label=f"line of generation {chosen.generation}"
        )
    legend(axes)
    axes.set_xlabel("generation")
    axes.set_yticks([])
    axes.grid(visible=False, axis="y")
    return made
