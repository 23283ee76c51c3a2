"""Structural changes of Python programs: statements swapped, removed, repeated or borrowed."""

from __future__ import annotations

import ast
import textwrap
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from shinka_core.edit.blocks import find_blocks
from shinka_core.operators.parsing import lines_with_ends, parsed

_OPERATORS = {
    "+": "-",
    "-": "+",
    "*": "/",
    "/": "*",
    "<": "<=",
    "<=": "<",
    ">": ">=",
    ">=": ">",
    "min": "max",
    "max": "min",
}


@dataclass(frozen=True, slots=True)
class Statement:
    """Whole source lines of one statement: `lines[first:last]`, in the body it belongs to."""

    first: int
    last: int
    body: int
    kind: str
    removable: bool


def find_statements(code: str) -> list[Statement]:
    """The statements that lie wholly inside the EVOLVE-BLOCKs, in order of their bodies; none of what is no Python."""
    tree = parsed(code)
    if tree is None:
        return []
    allowed = mutable_lines(code)
    found: list[Statement] = []
    bodies = 0
    for node in ast.walk(tree):
        for field in ("body", "orelse"):
            body = getattr(node, field, None)
            if not isinstance(body, list):
                continue
            bodies += 1
            statements = [part for part in body if isinstance(part, ast.stmt)]  # pyright: ignore[reportUnknownVariableType]
            for part in statements:
                first, last = part.lineno - 1, part.end_lineno or part.lineno
                if all(line in allowed for line in range(first, last)) and _alone(statements, part):
                    removable = len(statements) > 1 and not isinstance(
                        part, ast.Return | ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef
                    )
                    found.append(Statement(first, last, bodies, type(part).__name__, removable))
    return found


def vary(rng: np.random.Generator, code: str) -> tuple[str, str] | None:
    """Swaps two neighbours, removes or repeats a statement, or turns one operator.

    Returns:
        The changed program and what was done, or None when there is nothing to work with.
    """
    statements = find_statements(code)
    lines = lines_with_ends(code)
    ways = [_swap, _remove, _repeat, _turn_operator]
    for index in rng.permutation(len(ways)):
        changed = ways[int(index)](rng, lines, statements)
        if changed is not None and changed[0] != code and _parses(changed[0]):
            return changed
    return None


def borrow(rng: np.random.Generator, code: str, donor: str) -> tuple[str, str] | None:
    """Puts a statement of another program in the place of one of the same kind.

    Returns:
        The changed program and what was done, or None when nothing fits.
    """
    here, there = find_statements(code), find_statements(donor)
    lines, donor_lines = lines_with_ends(code), lines_with_ends(donor)
    texts = {"".join(lines[statement.first : statement.last]).strip() for statement in here}
    new = [other for other in there if "".join(donor_lines[other.first : other.last]).strip() not in texts]
    alike: dict[tuple[str, int], list[Statement]] = {}
    for other in new:
        alike.setdefault((other.kind, _indent(donor_lines[other.first])), []).append(other)
    pairs = [(mine, other) for mine in here for other in alike.get((mine.kind, _indent(lines[mine.first])), [])]
    for index in rng.permutation(len(pairs))[:10]:
        mine, other = pairs[int(index)]
        borrowed = "".join(donor_lines[other.first : other.last])
        changed = "".join([*lines[: mine.first], borrowed, *lines[mine.last :]])
        if _parses(changed):
            return changed, f"takes a {mine.kind} statement from another program"
    return None


def _swap(_rng: np.random.Generator, lines: list[str], statements: list[Statement]) -> tuple[str, str] | None:
    pairs = [
        (a, b)
        for a, b in pairwise(statements)
        if a.body == b.body and a.last <= b.first and a.removable and b.removable
    ]
    if not pairs:
        return None
    a, b = pairs[int(_rng.integers(len(pairs)))]
    swapped = [*lines[b.first : b.last], *lines[a.last : b.first], *lines[a.first : a.last]]
    return "".join([*lines[: a.first], *swapped, *lines[b.last :]]), "swaps two neighbouring statements"


def _remove(rng: np.random.Generator, lines: list[str], statements: list[Statement]) -> tuple[str, str] | None:
    removable = [statement for statement in statements if statement.removable and statement.last - statement.first <= 5]
    if not removable:
        return None
    gone = removable[int(rng.integers(len(removable)))]
    return "".join([*lines[: gone.first], *lines[gone.last :]]), f"removes a {gone.kind} statement"


def _repeat(rng: np.random.Generator, lines: list[str], statements: list[Statement]) -> tuple[str, str] | None:
    loops = [statement for statement in statements if statement.kind in {"For", "AugAssign", "Assign", "Expr"}]
    if not loops:
        return None
    twice = loops[int(rng.integers(len(loops)))]
    again = lines[twice.first : twice.last]
    return "".join([*lines[: twice.last], *again, *lines[twice.last :]]), f"repeats a {twice.kind} statement"


def _turn_operator(rng: np.random.Generator, lines: list[str], statements: list[Statement]) -> tuple[str, str] | None:
    places: list[tuple[int, str]] = []
    for statement in statements:
        for index in range(statement.first, statement.last):
            words = lines[index].split("#")[0].split(" ")
            places += [(index, word) for word in words if word in _OPERATORS]
    if not places:
        return None
    index, word = places[int(rng.integers(len(places)))]
    changed = [*lines]
    changed[index] = lines[index].replace(f" {word} ", f" {_OPERATORS[word]} ", 1)
    return "".join(changed), f"turns an operator {word} into {_OPERATORS[word]}"


def _alone(statements: list[ast.stmt], part: ast.stmt) -> bool:
    """Whether the statement shares its lines with no other (`a = 1; b = 2`)."""
    return not any(
        other is not part
        and other.lineno <= (part.end_lineno or part.lineno)
        and part.lineno <= (other.end_lineno or 0)
        for other in statements
    )


def mutable_lines(code: str) -> set[int]:
    """Numbers of the lines inside the EVOLVE-BLOCKs, from 0."""
    lines: set[int] = set()
    for block in find_blocks(code):
        first = code.count("\n", 0, block.start)
        lines.update(range(first, first + code.count("\n", block.start, block.end) + 1))
    return lines


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _parses(code: str) -> bool:
    return parsed(textwrap.dedent(code)) is not None
