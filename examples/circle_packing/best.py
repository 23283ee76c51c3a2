"""Packs 26 circles into the unit square; the sum of their radii is to be as large as possible."""

import numpy as np

N = 26


# EVOLVE-BLOCK-START
def place_centers(n):
    """A spiral from the middle of the square outwards."""
    turn = 1.7543841  # radians from one circle to the next
    reach = 0.45  # distance of the last circle from the middle
    bend = 0.11756619  # below 1 the spiral opens fast and then slowly
    squareness = 0.1  # 0 leaves the spiral round, 1 presses it into the corners
    centers = np.zeros((n, 2))
    for i in range(n):
        angle = turn * i
        distance = reach * (i / (n - 1)) ** bend
        stretch = max(abs(np.cos(angle)), abs(np.sin(angle))) ** -squareness
        centers[i, 0] = 0.5 + distance * stretch * np.cos(angle)
        centers[i, 1] = 0.53881838 + distance * stretch * np.sin(angle)
    margin = 0.050364758
    return np.clip(centers, margin, 1.0 - margin)


def choose_radii(centers):
    """Starts from one size for all and shrinks whatever touches."""
    n = len(centers)
    radii = np.full(n, 0.12868157)
    for i in range(n):
        x, y = centers[i]
        radii[i] = min(radii[i], x, y, 1.0 - x, 1.0 - y)
    for i in range(n):
        for j in range(i + 1, n):
            distance = np.hypot(*(centers[i] - centers[j]))
            if radii[i] + radii[j] > distance:
                factor = distance / (radii[i] + radii[j])
                radii[i] *= factor
                radii[j] *= factor
    return radii * 0.999999


# EVOLVE-BLOCK-END


def run_packing():
    """Returns centers (26, 2), radii (26,) and the sum of the radii."""
    centers = place_centers(N)
    radii = choose_radii(centers)
    return centers, radii, float(np.sum(radii))
