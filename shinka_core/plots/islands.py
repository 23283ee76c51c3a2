"""Islands as trajectories, and who got how much of the run."""

from __future__ import annotations

from typing import Any

import numpy as np

from shinka_core.plots.style import Run, colour, figure, legend, line, nothing, opened, words
from shinka_core.report.islands import shares, trajectories

WINDOWS = 40


def plot_islands(run: Run) -> Any:
    """Above, the best of each island's own programs, ending in a cross where it was retired; below, its share of the run.

    Returns:
        A matplotlib `Figure`.

    Raises:
        ConfigError: matplotlib is not installed.
        DatabaseError: There is no such evolution.
    """
    evolution = opened(run)
    programs = evolution.programs()
    found = trajectories(programs, evolution.islands())
    made, (above, below) = figure(height=6.5, rows=2)
    window = max(len(programs) // WINDOWS, 5)
    ends, parts = shares(found, window)
    for index, one in enumerate(found):
        shown = ~np.isnan(one.best)
        label = words(f"island {one.island} ({one.origin})")
        if shown.any():
            style = {"color": colour(index), "ls": line(index), "lw": 1.8, "label": label}
            above.step(one.recorded[shown], one.best[shown], where="post", **style)
            if one.retired_after is not None:
                above.plot(one.recorded[shown][-1], one.best[shown][-1], "X", color=colour(index), ms=8)
    if len(ends):
        edges, steps = np.concatenate([[0], ends]), np.column_stack([parts[:, :1], parts])
        below.stackplot(edges, steps, colors=[colour(index) for index in range(len(found))], step="pre")
        below.sharex(above)
        below.set_ylim(0, 1)
    legend(above)
    if not above.get_lines():
        nothing(above, "no correct program is recorded yet")
    above.set_ylabel("best score")
    below.set_ylabel(f"share of {window} programs")
    below.set_xlabel("programs recorded")
    return made
