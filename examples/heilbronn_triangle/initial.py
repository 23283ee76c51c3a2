"""Eleven points in a triangle, no three of them near a line.

A point is a pair (u, v) with u >= 0, v >= 0 and u + v <= 1: how far it lies along two sides of the triangle. Areas
are shares of the triangle's own, so its shape does not matter.
"""

import numpy as np

N = 11


# EVOLVE-BLOCK-START
def place():
    """Spread as numbers are that look random, two digits each."""
    return np.array(
        [
            [0.48, 0.49],
            [0.28, 0.07],
            [0.01, 0.65],
            [0.78, 0.21],
            [0.46, 0.22],
            [0.27, 0.33],
            [0.02, 0.89],
            [0.16, 0.53],
            [0.52, 0.08],
            [0.32, 0.61],
            [0.04, 0.22],
        ]
    )


# EVOLVE-BLOCK-END


def run_points():
    """Returns the points (11, 2); what lies outside is moved to the border."""
    points = np.clip(place(), 0.0, 1.0)
    total = points.sum(axis=1)
    over = total > 1.0
    points[over] /= total[over, None] * (1 + 1e-12)
    return points
