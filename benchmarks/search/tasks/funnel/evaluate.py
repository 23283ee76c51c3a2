"""Six constants on a landscape with two funnels, of which the wide one is wrong.

Optimum 1 at RIGHT, by construction; the bottom of the wide funnel is at TRAP. Ripples make both rugged. The
seed program lies in the wide funnel near the edge of the other: what is kept because it is better now leads
away from it, and from the bottom of the wide funnel no step of one constant reaches a place that is as good.
A hill climber either enters the other funnel within its first 75 evaluations, as one in eight does, or never
(40 seeds, 600 evaluations), so that what counts is how often a search begins again, and what it keeps.
"""

import math
import sys
from pathlib import Path

RIGHT = (2.6, -2.9, 0.4, -0.3, 2.2, -2.6)
WRONG = (-0.6, 0.3, -2.8, 2.9, -1.0, 0.6)
OPTIMUM, TRAP = 1.0, 0.6
WIDE, NARROW = 0.06, 0.3
RIPPLE = 0.03


def height(x):
    """The higher of the two funnels, less the ripples."""
    wide = TRAP - WIDE * distance(x, WRONG)
    narrow = OPTIMUM - NARROW * distance(x, RIGHT)
    center = RIGHT if narrow > wide else WRONG
    ripples = sum(1 - math.cos(2 * math.pi * 1.5 * (a - b)) for a, b in zip(x, center, strict=True)) / len(x)
    return max(wide, narrow) - RIPPLE * ripples


def distance(x, center):
    """Root mean square of the differences."""
    return math.sqrt(sum((a - b) ** 2 for a, b in zip(x, center, strict=True)) / len(x))


def score(namespace):
    """The height, 0 at least; above TRAP only in the narrow funnel.

    Raises:
        ValueError: There are not six finite numbers.
    """
    x = [float(value) for value in namespace["run_coordinates"]()]
    if len(x) != len(RIGHT) or not all(map(math.isfinite, x)):
        raise ValueError(f"{len(x)} numbers, not {len(RIGHT)}, or one that is not finite")
    return max(height(x), 0.0)


if __name__ == "__main__":
    sys.path.append(str(Path(__file__).parents[4]))
    from benchmarks.search.evaluator import main

    main(score)
