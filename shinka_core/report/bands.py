"""Several runs of one kind as one curve: the median of their running bests, and how far they spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shinka_core.report.progress import Over, Progress


@dataclass(frozen=True, slots=True)
class Bands:
    """Running bests of several runs at the same points; arrays `(m,)`.

    Attributes:
        x: From where all have a correct program to where the last of them ends.
        low, high: The lowest and highest of them.
        lower, upper: Their quartiles.
    """

    x: NDArray[np.float64]
    median: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    runs: int


def bands(runs: Sequence[Progress], over: Over = "generation") -> Bands:
    """The spread of several runs; one that ended before the others stays at its last best.

    Raises:
        ConfigError: There is no such axis.
    """
    curves = [_known(run, over) for run in runs]
    curves = [(x, best) for x, best in curves if len(x)]
    if not curves:
        nothing = np.empty(0)
        return Bands(nothing, nothing, nothing, nothing, nothing, nothing, 0)
    begin = max(x[0] for x, _ in curves)
    every = np.unique(np.concatenate([x for x, _ in curves]))
    every = every[every >= begin]
    at = np.stack([best[np.searchsorted(x, every, side="right") - 1] for x, best in curves])
    low, lower, median, upper, high = np.quantile(at, [0, 0.25, 0.5, 0.75, 1], axis=0)
    return Bands(every, median, low, high, lower, upper, len(curves))


def _known(run: Progress, over: Over) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, best = run.steps(over)
    known = ~np.isnan(best)
    return x[known], best[known]
