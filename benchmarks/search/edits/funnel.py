"""Edits of the six constants: those of the ten, nearer."""

from __future__ import annotations

from random import Random

from benchmarks.search.edits.coordinates import jumped
from benchmarks.search.edits.rugged import STATEMENTS
from benchmarks.search.edits.statements import changed

REACH = 3.0


def edit(rng: Random, block: str) -> str:
    """One constant elsewhere, or a statement about all."""
    return jumped(rng, block, REACH) if rng.random() < 0.45 else changed(rng, block, "v ", STATEMENTS)
