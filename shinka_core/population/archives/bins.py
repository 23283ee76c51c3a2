"""Where the values of a feature are cut into bins, given or learnt from the values seen so far."""

from __future__ import annotations

from bisect import insort
from typing import Literal

import numpy as np

from shinka_core.population.view import Floats, Ints

Scaling = Literal["range", "quantiles"]

MISSING = -1


def even_cuts(low: float, high: float, bins: int) -> Floats:
    """`(bins - 1,)` between bins of the same width."""
    shares = np.arange(1, bins) / bins
    return np.maximum.accumulate(low * (1 - shares) + high * shares)  # rising also where bins are as narrow as rounding


def cuts_of(values: Floats, bins: int, scaling: Scaling) -> Floats:
    """`(bins - 1,)` between the bins of values that were seen, ascending.

    Args:
        values: `(m,)`; those that are not finite do not count.
        scaling: `range`: bins of the same width; `quantiles`: bins with the same number of these values.
    """
    seen = values[np.isfinite(values)]
    if not len(seen):
        return np.zeros(bins - 1)
    if scaling == "range":
        return even_cuts(float(seen.min()), float(seen.max()), bins)
    places = np.arange(1, bins) * len(seen) // bins
    return np.partition(seen, places)[places]


def bins_of(values: Floats, cuts: Floats) -> Ints:
    """`(m,)` bins from 0, `MISSING` where a value is not finite."""
    return np.where(np.isfinite(values), np.searchsorted(cuts, values, side="right"), MISSING)


class RunningCuts:
    """`cuts_of` all values that it has been given one after the other, without going through them again."""

    def __init__(self, bins: int, scaling: Scaling) -> None:
        self._bins = bins
        self._scaling: Scaling = scaling
        self._seen: list[float] = []

    def add(self, value: float) -> None:
        """Takes a value up."""
        if not np.isfinite(value):
            return
        if self._scaling == "quantiles" or len(self._seen) < 2:
            insort(self._seen, value)
        else:
            self._seen = [min(value, self._seen[0]), max(value, self._seen[1])]

    def cuts(self) -> Floats:
        """`(bins - 1,)` between the bins."""
        if self._scaling == "quantiles" and self._seen:
            return np.array([self._seen[share * len(self._seen) // self._bins] for share in range(1, self._bins)])
        return cuts_of(np.array(self._seen), self._bins, self._scaling)
