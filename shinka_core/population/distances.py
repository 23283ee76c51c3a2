"""How far apart programs are, by the cosine of their embeddings."""

from __future__ import annotations

import numpy as np

from shinka_core.population.view import Bools, Floats, Ints, PopulationView

# Below this share of all programs, rows are gathered before they are multiplied.
GATHERED = 0.25
# Numbers of an embedding that mostly tell whether there is one.
GLANCE = 8
# Products of float32 vectors of unit length are as exact as that.
DECIMALS = 5


def embedded(view: PopulationView, programs: Ints) -> Bools:
    """Which of the programs have an embedding, `(m,)`."""
    known: Bools = np.asarray(view.embeddings[programs, :GLANCE].any(axis=1))
    known[~known] = view.embeddings[programs[~known]].any(axis=1)
    return known


def distances(view: PopulationView, programs: Ints, others: Ints) -> Floats:
    """Cosine distances 1 - a·b, `(len(programs), len(others))`, in [0, 2]; 1 where one has no embedding."""
    vectors = view.embeddings[programs]
    if len(others) < GATHERED * len(view):
        similar = (view.embeddings[others] @ vectors.T).T
    else:
        similar = (view.embeddings @ vectors.T)[others].T
    return np.clip(1.0 - similar.round(DECIMALS), 0.0, 2.0, dtype=np.float64)


def mean_distances(view: PopulationView, programs: Ints, others: Ints, count: int) -> Floats:
    """Mean distances of programs to their nearest others.

    Args:
        programs: `(m,)` with embeddings.
        others: With embeddings; a program is not its own neighbour.
        count: How many of the nearest, or all others where there are fewer.

    Returns:
        `(m,)`; 0 for a program without others.
    """
    apart = distances(view, programs, others)
    itself = programs[:, np.newaxis] == others
    neighbours = len(others) - itself.sum(axis=1)
    apart[itself] = np.inf
    count = min(count, len(others))
    nearest = np.partition(apart, count - 1, axis=1)[:, :count] if count else apart[:, :0]
    known = np.isfinite(nearest)
    return np.where(known, nearest, 0.0).sum(axis=1) / np.maximum(np.minimum(count, neighbours), 1)
