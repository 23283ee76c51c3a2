"""Whether draws come as often as a formula says."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np


def chi_square_limit(freedom: int, z: float = 4.265) -> float:
    """What a chi-square statistic exceeds once in 100,000 times (Wilson and Hilferty's approximation).

    Args:
        z: The quantile of the standard normal distribution; 4.265 belongs to 1 - 1e-5.
    """
    if freedom == 1:
        return 19.51  # where the approximation is not good
    share = 2.0 / (9.0 * freedom)
    return freedom * (1.0 - share + z * math.sqrt(share)) ** 3


def assert_drawn_like(counts: Mapping[int, int], chances: Mapping[int, float]) -> None:
    """Holds how often each outcome came against its chance; rare ones are put together."""
    draws = sum(counts.values())
    assert not {outcome for outcome in counts if not chances.get(outcome)}, f"{counts} of {chances}"
    expected, seen, rare_expected, rare_seen = list[float](), list[int](), 0.0, 0
    for outcome, chance in chances.items():
        if chance * draws >= 5:
            expected.append(chance * draws)
            seen.append(counts.get(outcome, 0))
        else:
            rare_expected += chance * draws
            rare_seen += counts.get(outcome, 0)
    if rare_expected >= 5:
        expected.append(rare_expected)
        seen.append(rare_seen)
    if len(expected) < 2:
        return
    statistic = float(((np.array(seen) - np.array(expected)) ** 2 / np.array(expected)).sum())
    assert statistic < chi_square_limit(len(expected) - 1), f"{dict(counts)} of {draws}, chances {dict(chances)}"
