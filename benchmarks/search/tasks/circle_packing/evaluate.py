"""26 circles in the unit square, sum of radii, decided in exact arithmetic on the returned numbers.

Best known: 2.635983 (arXiv:2509.19349; AlphaEvolve 2.635863, arXiv:2506.13131).
"""

import sys
from fractions import Fraction
from pathlib import Path

import numpy as np

N = 26
OPTIMUM = 2.635983
# Floats decide what is further from the edge than this, rational arithmetic the rest.
CLOSE = 1e-9


def score(namespace):
    """Sum of radii.

    Raises:
        ValueError: A circle leaves the square or overlaps another, or the arrays are no such circles.
    """
    centers, radii, _ = namespace["run_packing"]()
    centers, radii = np.asarray(centers, float), np.asarray(radii, float)
    if centers.shape != (N, 2) or radii.shape != (N,):
        raise ValueError(f"centers {centers.shape} and radii {radii.shape}")
    if not (np.isfinite(centers).all() and np.isfinite(radii).all()) or (radii < 0).any():
        raise ValueError("a center or radius is not finite, or a radius is negative")
    x, y = centers[:, 0], centers[:, 1]
    room = np.minimum.reduce([x - radii, 1 - x - radii, y - radii, 1 - y - radii])
    for i in np.flatnonzero(room < CLOSE):
        if leaves(*(Fraction(float(value)) for value in (x[i], y[i], radii[i]))):
            raise ValueError(f"circle {i} leaves the square")
    gaps = np.hypot(x[:, None] - x, y[:, None] - y) - radii[:, None] - radii
    for i, j in np.argwhere(np.tril(gaps < CLOSE, -1)):
        if overlap(*(Fraction(float(value)) for k in (i, j) for value in (x[k], y[k], radii[k]))):
            raise ValueError(f"circles {j} and {i} overlap")
    return float(radii.sum())


def leaves(x, y, radius):
    return min(x - radius, 1 - x - radius, y - radius, 1 - y - radius) < 0


def overlap(x, y, radius, other_x, other_y, other_radius):
    return (x - other_x) ** 2 + (y - other_y) ** 2 < (radius + other_radius) ** 2


if __name__ == "__main__":
    sys.path.append(str(Path(__file__).parents[4]))
    from benchmarks.search.evaluator import main

    main(score)
