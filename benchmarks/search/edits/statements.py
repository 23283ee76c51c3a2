"""Edits that put a statement in before the end, take one out or put one in another's place."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from benchmarks.search.edits.templates import filled

MOST = 14


def changed(rng: Random, block: str, target: str, statements: Sequence[str]) -> str:
    """The block with one statement more, less or other.

    Args:
        target: What they set: lines that begin with it are theirs, but for the first.
        statements: Templates of statements.
    """
    line = f"    {filled(rng, rng.choice(statements))}"
    lines = block.split("\n")
    end = max(k for k, each in enumerate(lines) if each.lstrip().startswith("return"))
    theirs = [k for k, each in enumerate(lines) if each.startswith(f"    {target}")][1:]
    draw = rng.random()
    if theirs and (draw < 0.2 or len(theirs) >= MOST):
        del lines[rng.choice(theirs)]
    elif theirs and draw < 0.4:
        lines[rng.choice(theirs)] = line
    else:
        lines.insert(end if not theirs or rng.random() < 0.6 else rng.choice(theirs), line)
    return "\n".join(lines)
