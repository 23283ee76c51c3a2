"""Edits of one number among several that are written out, by bold steps."""

from __future__ import annotations

import re
from random import Random

COORDINATE = re.compile(r"    x\d+ = ")


def jumped(rng: Random, block: str, reach: float) -> str:
    """The block with one coordinate elsewhere: a step of one or two, mirrored, rounded, another's, anywhere."""
    lines = block.split("\n")
    all_of = [k for k, line in enumerate(lines) if COORDINATE.match(line)]
    if not all_of:
        return block
    k = rng.choice(all_of)
    name, _, text = lines[k].strip().partition(" = ")
    value = _number(text)
    new = rng.choice(
        [
            f"{value + rng.choice((-1.0, 1.0)):.6g}",
            f"{value + rng.choice((-2.0, 2.0)):.6g}",
            f"{-value:.6g}",
            lines[rng.choice(all_of)].partition(" = ")[2],
            f"{round(value)}.0",
            f"{rng.uniform(-reach, reach):.3f}",
            "0.0",
            f"{reach:.1f}",
        ]
    )
    lines[k] = f"    {name} = {new + '.0' if new.lstrip('-').isdigit() else new}"
    return "\n".join(lines)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
