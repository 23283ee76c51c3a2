"""Comparisons of small samples: ranks, their correction for many comparisons, effect sizes, proportions."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

# Up to so many values in both samples the distribution is counted out, beyond it is taken for normal.
EXACT = 40


def rank_test(a: Sequence[float], b: Sequence[float]) -> float:
    """Two-sided p of the Mann-Whitney test, ties and all.

    Small samples: the exact distribution of the rank sum given the ties (the permutation test on midranks),
    as the share of the assignments whose sum is as far from the middle. Large ones: normal, corrected for
    ties and continuity.

    Raises:
        ValueError: A sample is empty.
    """
    if not a or not b:
        raise ValueError(f"samples of {len(a)} and {len(b)}: neither may be empty")
    ranks = doubled_midranks([*a, *b])
    if len(set(ranks)) == 1:
        return 1.0
    total = sum(ranks[: len(a)])
    return _exact(ranks, len(a), total) if len(ranks) <= EXACT else _normal(ranks, len(a), total)


def doubled_midranks(values: Sequence[float]) -> list[int]:
    """Twice the rank of each value, equal ones sharing their mean: whole numbers."""
    counts = Counter(values)
    of: dict[float, int] = {}
    below = 0
    for value in sorted(counts):
        of[value] = 2 * below + counts[value] + 1
        below += counts[value]
    return [of[value] for value in values]


def _exact(ranks: Sequence[int], size: int, total: int) -> float:
    """The share of the choices of `size` ranks whose sum is at least as far from the mean as `total`."""
    ways: list[Counter[int]] = [Counter({0: 1}), *(Counter[int]() for _ in range(size))]
    for rank in ranks:
        for chosen in range(size, 0, -1):
            for so_far, count in ways[chosen - 1].items():
                ways[chosen][so_far + rank] += count
    # Compared as whole numbers: the mean of the sums is size * sum / n.
    n = len(ranks)
    distance = abs(total * n - size * sum(ranks))
    far = sum(count for value, count in ways[size].items() if abs(value * n - size * sum(ranks)) >= distance)
    return far / math.comb(n, size)


def _normal(ranks: Sequence[int], size: int, total: int) -> float:
    n = len(ranks)
    other = n - size
    statistic = total / 2 - size * (size + 1) / 2
    ties = sum(count**3 - count for count in Counter(ranks).values())
    variance = size * other / 12 * ((n + 1) - ties / (n * (n - 1)))
    z = (abs(statistic - size * other / 2) - 0.5) / math.sqrt(variance)
    return math.erfc(max(z, 0.0) / math.sqrt(2))


def effect(a: Sequence[float], b: Sequence[float]) -> float:
    """The chance that one of `a` is larger than one of `b`, equal ones counting half.

    Source: A. Vargha, H. D. Delaney, "A Critique and Improvement of the CL Common Language Effect Size
    Statistics of McGraw and Wong", 2000 (their A12).
    """
    larger = sum((x > y) + 0.5 * (x == y) for x in a for y in b)
    return larger / (len(a) * len(b))


def holm(values: Sequence[float]) -> list[float]:
    """The p of each comparison, corrected for their number.

    Source: S. Holm, "A Simple Sequentially Rejective Multiple Test Procedure", 1979.
    """
    corrected = [0.0] * len(values)
    largest = 0.0
    for place, k in enumerate(sorted(range(len(values)), key=lambda k: values[k])):
        largest = max(largest, min(1.0, (len(values) - place) * values[k]))
        corrected[k] = largest
    return corrected


def proportion_test(a: int, of_a: int, b: int, of_b: int) -> float:
    """Two-sided p of Fisher's exact test for `a` of `of_a` against `b` of `of_b`."""
    n, hits = of_a + of_b, a + b

    def weight(k: int) -> int:
        return math.comb(of_a, k) * math.comb(of_b, hits - k)

    possible = range(max(0, hits - of_b), min(of_a, hits) + 1)
    return sum(weight(k) for k in possible if weight(k) <= weight(a)) / math.comb(n, hits)


def quantile(values: Sequence[float], share: float) -> float:
    """Between the neighbouring values, linearly."""
    ordered = sorted(values)
    at = share * (len(ordered) - 1)
    below = math.floor(at)
    above = min(below + 1, len(ordered) - 1)
    # A weighted sum and not a difference, which minus infinity twice would make no number.
    rest = at - below
    return ordered[below] if rest == 0 else (1 - rest) * ordered[below] + rest * ordered[above]
