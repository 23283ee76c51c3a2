"""Two programs make one: between their constants, or a function or a statement of the other's."""

from __future__ import annotations

import re
from random import Random

from benchmarks.search.blocks import functions, joined
from benchmarks.search.literals import literals, replaced, skeleton

ASSIGNMENT = re.compile(r"\s*[\w\[\]:]+\s*[-+*/]?=(?!=)")


def recombined(rng: Random, block: str, other: str) -> tuple[str, str] | None:
    """A block of two and the kind of change; None where the other has nothing to give."""
    mine, theirs = literals(block), literals(other)
    if mine and skeleton(block, mine) == skeleton(other, theirs):
        found = _between(rng, block, other)
    elif len(functions(block)) > 1 or len(functions(other)) > 1:
        found = _borrowed_function(rng, block, other), "borrow function"
    else:
        found = _borrowed_statement(rng, block, other), "borrow statement"
    new, kind = found
    return (new, kind) if new is not None and new != block else None


def _between(rng: Random, block: str, other: str) -> tuple[str, str]:
    """The same but for constants: along the line through both, or each from one of them."""
    found = literals(block)
    pairs = [(a, b.value) for a, b in zip(found, literals(other), strict=True)]
    if rng.random() < 0.5:
        far, keep = rng.uniform(-0.5, 1.5), rng.uniform(0.0, 0.7)
        values = [
            a.value if rng.random() < keep else a.value + (b - a.value) * far * (1 + 0.1 * rng.gauss(0, 1))
            for a, b in pairs
        ]
        values = [round(value) if a.whole else value for value, a in zip(values, found, strict=True)]
        return replaced(block, found, values), "line"
    share = rng.uniform(0.1, 0.9)
    return replaced(block, found, [b if rng.random() < share else a.value for a, b in pairs]), "crossover"


def _borrowed_function(rng: Random, block: str, other: str) -> str | None:
    """One of the other's functions, and whatever it calls that is not here, in place of the one of that name.

    A function that nothing here has comes with the function that calls it.
    """
    mine, theirs = functions(block), functions(other)
    differing = [name for name, text in theirs.items() if mine.get(name) != text]
    if not differing:
        return None
    wanted = [rng.choice(differing)]
    if wanted[0] not in mine:
        wanted += [name for name, text in theirs.items() if re.search(rf"\b{wanted[0]}\(", text) and name != wanted[0]]
    result = dict(mine)
    while wanted:
        name = wanted.pop()
        result[name] = theirs[name]
        called = [each for each in theirs if re.search(rf"\b{each}\(", theirs[name]) and each != name]
        wanted += [each for each in called if each not in result]
    return joined(result)


def _borrowed_statement(rng: Random, block: str, other: str) -> str | None:
    """A line that the other has and this has not: for one that sets the same, or before the end."""
    mine = block.splitlines(keepends=True)
    strange = [
        line
        for line in other.splitlines(keepends=True)
        if line.strip() and line not in mine and not line.lstrip().startswith(("def", "return", '"""'))
    ]
    if not strange:
        return None
    line = rng.choice(strange)
    target = ASSIGNMENT.match(line)
    same = [k for k, each in enumerate(mine) if target and each.startswith(target.group(0))]
    if same and rng.random() < 0.7:
        mine[rng.choice(same)] = line
    else:
        mine.insert(max(k for k, each in enumerate(mine) if each.lstrip().startswith("return")), line)
    return "".join(mine)
