"""Heilbronn's problem for eleven points in a triangle: the smallest area, as a share of the triangle's.

Best known: 0.03653 (AlphaEvolve 0.0365, arXiv:2506.13131; MLEvolve 0.03652989; 0.036 before, E. Friedman,
"The Heilbronn Problem for Triangles").
"""

import itertools
import sys
from pathlib import Path

import numpy as np

N = 11
OPTIMUM = 0.03652989
TRIPLES = np.array(list(itertools.combinations(range(N), 3))).T
# Points that rounding put outside are not worth an argument: the area changes by no more.
TOLERANCE = 1e-9


def score(namespace):
    """The smallest area of a triangle between three of the points, as a share of the whole triangle's.

    Raises:
        ValueError: There are not eleven points, or one lies outside.
    """
    points = np.asarray(namespace["run_points"](), float)
    if points.shape != (N, 2) or not np.isfinite(points).all():
        raise ValueError(f"points {points.shape}, or one that is not finite")
    if points.min() < -TOLERANCE or points.sum(axis=1).max() > 1 + TOLERANCE:
        raise ValueError("a point lies outside")
    return smallest(points)


def smallest(points):
    i, j, k = TRIPLES
    first, second = points[j] - points[i], points[k] - points[i]
    return float(np.abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]).min())


if __name__ == "__main__":
    sys.path.append(str(Path(__file__).parents[4]))
    from benchmarks.search.evaluator import main

    main(score)
