"""Edits of the ten constants."""

from __future__ import annotations

from random import Random

from benchmarks.search.edits.coordinates import jumped
from benchmarks.search.edits.statements import changed

REACH = 5.0
STATEMENTS = (
    "v = [<0.9> * c for c in v]",
    "v = [<1.1> * c for c in v]",
    "v = [c + <0.5> for c in v]",
    "v = [c - <0.5> for c in v]",
    "v = [float(round(c)) for c in v]",
    "v = v[::-1]",
    "v = sorted(v)",
    "v = [min(max(c, -<4.0>), <4.0>) for c in v]",
    "v = [-c for c in v]",
    "v = [c + <1.0> for c in v]",
    "v = [0.5 * (c + <2.0>) for c in v]",
    "v = [c if abs(c) > <1.0> else 0.0 for c in v]",
)


def edit(rng: Random, block: str) -> str:
    """One constant elsewhere, or a statement about all."""
    return jumped(rng, block, REACH) if rng.random() < 0.45 else changed(rng, block, "v ", STATEMENTS)
