"""Eleven points in a triangle; the smallest triangle between any three is to be as large as possible.

Points are pairs (u, v) with u, v >= 0 and u + v <= 1: the shares of two sides of the triangle. Areas are
shares of the triangle's area, so that its shape does not matter.
"""

import numpy as np

N = 11
LIMIT = 60  # of the steps of a refinement: an evaluation takes milliseconds
TRIPLES = np.array([(i, j, k) for i in range(N) for j in range(i) for k in range(j)]).T


def smallest_area(points):
    """The smallest area of the triangles between three points, as a share of the whole."""
    i, j, k = TRIPLES
    first, second = points[j] - points[i], points[k] - points[i]
    return np.abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]).min()


# EVOLVE-BLOCK-START
def place(n):
    """A spiral around the centroid."""
    turn = 2.0  # radians from one point to the next
    reach = 0.3  # distance of the last point from the centroid
    bend = 0.6  # below 1 the spiral opens fast and then slowly
    k = np.arange(n)
    distance = reach * ((k + 1) / n) ** bend
    return 0.3333 + np.stack([distance * np.cos(turn * k), distance * np.sin(turn * k)], axis=1)


def fit(points):
    """Whatever lies outside is moved to the border."""
    inside = np.clip(points, 0.0, 1.0)
    total = inside.sum(axis=1)
    over = total > 1.0
    inside[over] /= total[over, None]
    return inside


def refine(points):
    """Left as they are."""
    return points


# EVOLVE-BLOCK-END


def run_points():
    """Returns eleven points (11, 2)."""
    return fit(refine(fit(place(N))))
