"""Ten constants on a shifted Lunacek bi-Rastrigin function: rugged, and the wider funnel is the wrong one.

Optimum 1 at BEST, by construction; in the wrong funnel at most 2/3. The function: M. Lunacek, D. Whitley,
A. Sutton, "The Impact of Global Structure on Search", PPSN X, 2008.
"""

import math
import sys
from pathlib import Path

N, DEPTH = 10, 1.0
RIGHT = 2.5
SIZE = 1 - 1 / (2 * math.sqrt(N + 20) - 8.2)
WRONG = -math.sqrt((RIGHT**2 - DEPTH) / SIZE)
SIGNS = (1, -1, 1, 1, -1, -1, 1, -1, 1, -1)
SHIFTS = (0.37, -0.81, 0.12, -0.44, 0.93, 0.28, -0.66, 0.51, -0.19, 0.74)
BEST = [RIGHT * sign + shift for sign, shift in zip(SIGNS, SHIFTS, strict=True)]
OPTIMUM = 1.0


def cost(x):
    """The function's value, 0 at the optimum, 10 at the bottom of the wrong funnel."""
    z = [sign * (value - shift) for value, shift, sign in zip(x, SHIFTS, SIGNS, strict=True)]
    right = sum((value - RIGHT) ** 2 for value in z)
    wrong = DEPTH * N + SIZE * sum((value - WRONG) ** 2 for value in z)
    return min(right, wrong) + 10 * (N - sum(math.cos(2 * math.pi * (value - RIGHT)) for value in z))


def score(namespace):
    """1 / (1 + cost / 20).

    Raises:
        ValueError: There are not ten numbers.
    """
    x = [float(value) for value in namespace["run_params"]()]
    if len(x) != N:
        raise ValueError(f"{len(x)} numbers, not {N}")
    return 1 / (1 + cost(x) / 20)


if __name__ == "__main__":
    sys.path.append(str(Path(__file__).parents[4]))
    from benchmarks.search.evaluator import main

    main(score)
