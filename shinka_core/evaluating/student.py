"""Student's t distribution, without which a few noisy numbers say nothing honest."""

from __future__ import annotations

import math

# Terms of the continued fraction, far more than it takes; and where it ends.
MOST_TERMS = 500
EXACT = 1e-15
TINY = 1e-300


def t_above(t: float, freedom: float) -> float:
    """P(T > t) of Student's t distribution.

    With x = ν / (ν + t²) it is I_x(ν/2, 1/2) / 2 for t > 0 (Abramowitz and Stegun, 26.7.1).

    Args:
        freedom: Degrees of freedom ν > 0.
    """
    if math.isinf(t):
        return 0.0 if t > 0 else 1.0
    tail = 0.5 * incomplete_beta(freedom / (freedom + t * t), freedom / 2, 0.5)
    return tail if t >= 0 else 1.0 - tail


def incomplete_beta(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b), x in [0, 1].

    By its continued fraction (Abramowitz and Stegun, 26.5.8) on the side where that converges quickly, evaluated
    by Lentz's method; good to about 1e-12.
    """
    if x <= 0.0 or x >= 1.0:
        return 0.0 if x <= 0.0 else 1.0
    if x > (a + 1) / (a + b + 2):
        return 1.0 - incomplete_beta(1.0 - x, b, a)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    ) / a  # fmt: skip
    fraction, c, d = 1.0, 1.0, 0.0
    for term in range(MOST_TERMS):
        m = term // 2
        if term == 0:
            numerator = 1.0
        elif term % 2 == 0:
            numerator = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        else:
            numerator = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d = 1.0 + numerator * d
        d = 1.0 / (d if abs(d) > TINY else TINY)
        c = 1.0 + numerator / c
        c = c if abs(c) > TINY else TINY
        fraction *= c * d
        if abs(1.0 - c * d) < EXACT:
            break
    return front * (fraction - 1.0)
