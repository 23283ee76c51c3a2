"""Embeddings on a map: their principal components and groups of neighbours.

Memory is that of one square matrix and three numbers for each embedding, however many there are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DIMENSIONS = 3
ROUNDS = 50


class Components:
    """Principal components of vectors that come a few at a time."""

    def __init__(self, width: int) -> None:
        """Begins with none.

        Args:
            width: Numbers in each vector.
        """
        self._count = 0
        self._sum = np.zeros(width)
        self._products = np.zeros((width, width))

    def add(self, vectors: Floats) -> None:
        """Takes more vectors into account, `(n, width)`."""
        self._count += len(vectors)
        self._sum += vectors.sum(axis=0)
        self._products += vectors.T @ vectors

    def axes(self) -> tuple[Floats, Floats]:
        """Their mean, `(width,)`, and the directions in which they differ most, `(width, 3)`, the first one most.

        A direction is turned so that its largest number is positive: the same vectors give the same map.
        """
        mean = self._sum / max(self._count, 1)
        spread = self._products - self._count * np.outer(mean, mean)
        _, found = np.linalg.eigh(spread)
        axes = np.zeros((len(mean), DIMENSIONS))
        largest = found[:, ::-1][:, :DIMENSIONS]
        axes[:, : largest.shape[1]] = largest
        turned = np.take_along_axis(axes, np.abs(axes).argmax(axis=0)[None, :], axis=0)[0]
        return mean, axes * np.where(turned < 0, -1.0, 1.0)


def groups(points: Floats, count: int) -> NDArray[np.int64]:
    """Which of so many groups of neighbours each point is in (k-means, begun with points far apart).

    Args:
        points: `(n, d)`, at least one.
    """
    centres = points[[np.linalg.norm(points - points.mean(axis=0), axis=1).argmax()]]
    while len(centres) < count:
        far = np.linalg.norm(points[:, None] - centres[None], axis=2).min(axis=1)
        if far.max() == 0:
            break
        centres = np.vstack([centres, points[far.argmax()]])
    nearest = np.full(len(points), -1)
    for _ in range(ROUNDS):
        now = np.linalg.norm(points[:, None] - centres[None], axis=2).argmin(axis=1)
        if np.array_equal(now, nearest):
            break
        nearest = now
        kept = [group for group in range(len(centres)) if (nearest == group).any()]
        centres = np.array([points[nearest == group].mean(axis=0) for group in kept])
    return nearest
