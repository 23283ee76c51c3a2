"""The numbers in a block that may be moved, and how they are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

NUMBER = re.compile(r"(?<![\w.])(\d+\.\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|\d+(?:[eE][+-]?\d+)?)(?![\w.])")
STRUCTURAL = ("def", "for", "import", "from", "while")
# Exponents of ten between which the relative size of a step is drawn, evenly.
SMALLEST, LARGEST = -2.5, 0.2
# How often nearly all numbers move at once, less than one does alone.
TOGETHER, DAMPED = 0.15, 0.3


@dataclass(frozen=True)
class Literal:
    """A number in a block: where its text is, with its sign if it has one, and how readily it is moved."""

    start: int
    end: int
    value: float
    whole: bool
    weight: float


def literals(block: str) -> list[Literal]:
    """All that may be moved, in order: no index, no number of a line that defines, loops or holds a text."""
    found: list[Literal] = []
    offset = 0
    for line in block.splitlines(keepends=True):
        code = line.split("#", 1)[0]
        if code.strip().split(" ")[0] not in STRUCTURAL and "zeros(" not in code and '"' not in code:
            found += [each for match in NUMBER.finditer(code) if (each := _literal(code, match, offset)) is not None]
        offset += len(line)
    return found


def _literal(code: str, match: re.Match[str], offset: int) -> Literal | None:
    before, after = code[: match.start()].rstrip(), code[match.end() :].lstrip()
    whole = match.group(0).isdigit()
    if whole and (before.endswith("[") or after[:1] in ("]", ":")):
        return None
    start, value = match.start(), float(match.group(0))
    if before.endswith("-"):
        rest = before[:-1].rstrip()
        if not rest or rest[-1] in "=(,[+*/<>:" or rest.endswith("return"):
            start, value = len(before) - 1, -value
    weight = 1.0 if not whole else 0.15 if abs(value) <= 2 else 0.5
    return Literal(offset + start, offset + match.end(), value, whole, weight)


def written(value: float, whole: bool) -> str:
    """A number as program text: six digits; whole ones are not negative."""
    if whole:
        return str(int(max(0, value)))
    text = f"{value:.6g}"
    return text if any(mark in text for mark in ".en") else f"{text}.0"


def replaced(block: str, found: Sequence[Literal], values: Sequence[float]) -> str:
    """The block with other values; a number that stays the same keeps its text."""
    parts: list[str] = []
    at = 0
    for each, value in zip(found, values, strict=True):
        same = value == each.value
        parts += [block[at : each.start], block[each.start : each.end] if same else written(value, each.whole)]
        at = each.end
    return "".join(parts) + block[at:]


def skeleton(block: str, found: Sequence[Literal]) -> str:
    """The block without its numbers: equal for programs that differ in nothing else."""
    parts: list[str] = []
    at = 0
    for each in found:
        parts.append(block[at : each.start])
        at = each.end
    return "\0".join([*parts, block[at:]])


def moved(rng: Random, block: str) -> str | None:
    """The block with one, a few or nearly all numbers moved by a step of log-uniform size; None without any."""
    found = literals(block)
    if not found:
        return None
    scale = 10.0 ** rng.uniform(SMALLEST, LARGEST)
    if rng.random() < TOGETHER:
        chosen = {k for k, each in enumerate(found) if not each.whole and rng.random() < 0.8}
        scale *= DAMPED
    else:
        chosen = _some(rng, found)
    values = [_step(rng, each, scale) if k in chosen else each.value for k, each in enumerate(found)]
    new = replaced(block, found, values)
    return new if new != block else None


def _some(rng: Random, found: Sequence[Literal]) -> set[int]:
    count = 1
    while count < len(found) and rng.random() < 0.5:
        count += 1
    rest, chosen = list(range(len(found))), set[int]()
    for _ in range(count):
        k = rng.choices(rest, weights=[found[j].weight for j in rest])[0]
        rest.remove(k)
        chosen.add(k)
    return chosen


def _step(rng: Random, each: Literal, scale: float) -> float:
    if each.whole:
        size = max(1, round(abs(each.value) * scale * abs(rng.gauss(0, 1))))
        return max(0, each.value + rng.choice((-1, 1)) * size)
    return each.value + scale * max(abs(each.value), 0.1) * rng.gauss(0, 1)
