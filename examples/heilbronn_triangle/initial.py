"""Eleven points in a triangle, no three of them near a line.

A point is a pair (u, v) with u >= 0, v >= 0 and u + v <= 1: how far it lies along two sides of the triangle. Areas
are shares of the triangle's own, so its shape does not matter.
"""

import numpy as np

N = 11


# EVOLVE-BLOCK-START
def ring(count, size, turn, lift):
    """Points on the border of a smaller triangle around the middle, from a corner on."""
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    middle = np.full(2, 0.3333)
    places = (np.arange(count) * 3 / count + turn) % 3
    first = places.astype(int)
    share = (places - first)[:, None]
    points = corners[first] * (1 - share) + corners[(first + 1) % 3] * share
    return middle + size * (points - middle) + lift


def place():
    """Three rings of points."""
    outer = ring(5, 0.95, 0.3, 0.001)
    inner = ring(4, 0.6, 0.8, 0.002)
    core = ring(2, 0.25, 0.1, 0.003)
    return np.concatenate([outer, inner, core])


# EVOLVE-BLOCK-END


def run_points():
    """Returns the points (11, 2); what lies outside is moved to the border."""
    points = np.clip(place(), 0.0, 1.0)
    total = points.sum(axis=1)
    over = total > 1.0
    points[over] /= total[over, None] * (1 + 1e-12)
    return points
