"""What the evaluator calls; this file has no EVOLVE-BLOCK and stays as it is."""

from halving import folded
from series import about_sine


def run(points):
    """About sin(x) for each x between 0 and pi."""
    return [about_sine(folded(x)) for x in points]
