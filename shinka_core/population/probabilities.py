"""How scores become chances to be drawn."""

from __future__ import annotations

import numpy as np

from shinka_core.population.view import Floats, Ints

SMALLEST_SCALE = 1e-6
# Beyond it sums and differences of scores are no numbers any more: penalties such as the most negative float there is.
LARGEST_SCORE = 1e300


def weighted_probabilities(scores: Floats, children: Ints, sharpness: float) -> Floats:
    """Favours scores above the median, and programs with few children.

    With s = sigmoid(sharpness * (score - median) / MAD) and h = 1 / (1 + children), the
    probability is proportional to s * h: weighted sampling as in ShinkaEvolve (arXiv:2509.19349).

    Args:
        scores: `(n,)` finite, n >= 1.
        children: `(n,)` non-negative, those under way included.
        sharpness: Lambda; larger is greedier.

    Returns:
        `(n,)`, sums to 1.
    """
    if np.abs(scores).max() > LARGEST_SCORE:
        scores = scores / 8.0
    median = np.median(scores)
    scale = max(float(np.median(np.abs(scores - median))), SMALLEST_SCALE)
    # Clipped: beyond 500 the exponential overflows, and the sigmoid is 0 or 1 long before.
    with np.errstate(over="ignore"):
        exponent = np.clip((scores - median) / scale * -sharpness, -500.0, 500.0)
    weights = 1.0 / (1.0 + np.exp(exponent)) / (1.0 + children)
    total = float(weights.sum())
    if not total > 0.0:
        return np.full(len(scores), 1.0 / len(scores))
    return weights / total


def power_law_probabilities(scores: Floats, alpha: float) -> Floats:
    """Proportional to (rank + 1) ** -alpha, the best score having rank 0, the earlier of equals being the better.

    Args:
        scores: `(n,)` finite, n >= 1.

    Returns:
        `(n,)`, sums to 1.
    """
    ranks = np.empty(len(scores))
    ranks[np.argsort(-scores, kind="stable")] = np.arange(len(scores))
    weights = (ranks + 1.0) ** -alpha
    return weights / weights.sum()


def rank_probabilities(scores: Floats, power: float) -> Floats:
    """Proportional to (rank + 1) ** -power, the best score having rank 0; equals share what their ranks have.

    Args:
        scores: `(n,)` finite, n >= 1.

    Returns:
        `(n,)`, sums to 1; the same in whatever order the scores come.
    """
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    starts = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))
    sizes = np.diff(np.concatenate([starts, [len(scores)]]))
    weights = np.arange(1.0, len(scores) + 1.0) ** -power
    chances = np.empty(len(scores))
    chances[order] = np.repeat(np.add.reduceat(weights, starts) / sizes, sizes)
    return chances / chances.sum()


def in_unit_range(values: Floats, low: float, high: float) -> Floats:
    """Where values lie between two scores, `(n,)` in [0, 1]; all 0 where these are equal."""
    if not high > low:
        return np.zeros(len(values))
    if max(abs(low), abs(high)) > LARGEST_SCORE:
        values, low, high = values / 8.0, low / 8.0, high / 8.0
    return (np.clip(values, low, high) - low) / (high - low)
