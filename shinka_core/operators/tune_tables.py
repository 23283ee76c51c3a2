"""Values that a loop computes, with a correction for each of its turns: literals that a program does not have yet.

`x[i] = f(i)` becomes `x[i] = f(i) + {3: 0.02}.get(i, 0.0)`. A table without entries changes nothing, so that every
turn of every such loop is a coordinate that begins at 0.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from shinka_core.edit.blocks import find_blocks
from shinka_core.operators.parsing import LineOffsets, parsed
from shinka_core.operators.tune_axes import Axis

# Turns of a loop: the largest whole number that the program names up to this one, or so many as one may guess.
MOST_TURNS, USUAL_TURNS = 1000, 10
# First steps of tables without entries, in powers of ten: nobody knows their scale.
SMALLEST, LARGEST = -2.0, -0.5
# How often only tables are worked on that have entries already: those have helped before.
GOES_ON = 0.7


@dataclass(frozen=True, slots=True)
class Table:
    """An expression in a loop.

    Attributes:
        start, end: `code[start:end]` with the table that it may have.
        base: Its text without that.
        turn: The variable of the loop.
        name: What its value is given to.
        entries: Corrections by turn.
    """

    start: int
    end: int
    base: str
    turn: str
    name: str
    entries: dict[int, float]

    def written(self, entries: dict[int, float]) -> str:
        """The expression with other corrections."""
        kept = ", ".join(f"{turn}: {_text(entries[turn])}" for turn in sorted(entries) if entries[turn])
        return f"{self.base} + {{{kept}}}.get({self.turn}, 0.0)" if kept else self.base


@dataclass(frozen=True, slots=True)
class Tables:
    """Tables of a program as a space to search in.

    Attributes:
        axes: One for each turn of each table.
    """

    code: str
    tables: list[Table]
    turns: int
    axes: list[Axis]

    @property
    def groups(self) -> list[int]:
        """The table of each axis."""
        return [number for number in range(len(self.tables)) for _ in range(self.turns)]

    def written(self, point: Sequence[float]) -> str:
        """The program at a point."""
        pieces: list[str] = []
        position = 0
        for number, table in enumerate(self.tables):
            moved = dict(enumerate(point[number * self.turns : (number + 1) * self.turns]))
            pieces += [self.code[position : table.start], table.written(table.entries | moved)]
            position = table.end
        return "".join([*pieces, self.code[position:]])

    def changes(self, point: Sequence[float]) -> list[tuple[str, str, str]]:
        """Name, text before and text after of each literal that is another one at a point."""
        return [
            (f"{table.name} for {table.turn} = {turn}", _text(axis.start), _text(place))
            for number, table in enumerate(self.tables)
            for turn in range(self.turns)
            if (place := point[index := number * self.turns + turn]) != (axis := self.axes[index]).start
        ]


def tables_of(rng: np.random.Generator, code: str) -> Tables | None:
    """The tables of a Python program to work on now; None where it has no loop that gives anything a value."""
    tables = tables_in(code)
    tree = parsed(code)
    if tree is None or not tables:
        return None
    begun = [table for table in tables if table.entries]
    if begun and rng.random() < GOES_ON:
        tables = begun
    turns = _turns(tree)
    known = [abs(entry) for table in tables for entry in table.entries.values() if entry]
    usual = (
        float(np.median(known)) * 10.0 ** rng.uniform(-0.3, 0.3) if known else 10.0 ** rng.uniform(SMALLEST, LARGEST)
    )
    axes = [Axis(table.entries.get(turn, 0.0), usual) for table in tables for turn in range(turns)]
    return Tables(code, tables, turns, axes)


def tables_in(code: str) -> list[Table]:
    """All that a Python program has or might have, in order; none of what is no Python."""
    tree = parsed(code)
    return [] if tree is None else list(_tables(code, tree))


def _tables(code: str, tree: ast.Module) -> Iterator[Table]:
    """None inside another one."""
    offsets, blocks, position = LineOffsets(code), find_blocks(code), 0
    for value, turn, target in sorted(_values(tree), key=lambda one: (one[0].lineno, one[0].col_offset)):
        start, end = offsets.of(value), offsets.end(value)
        inside = any(block.start <= start and end <= block.end for block in blocks)
        if start < position or not inside or value.lineno != value.end_lineno:
            continue
        position = end
        head, entries = _split(value, turn)
        base = code[start : offsets.end(head)] if head is not value else code[start:end]
        yield Table(start, end, base, turn, ast.unparse(target)[:30], entries)


def _values(tree: ast.Module) -> Iterator[tuple[ast.expr, str, ast.expr]]:
    """Values given in the innermost loop around them, with the variable of that loop."""
    found: dict[int, tuple[ast.expr, str, ast.expr]] = {}
    for loop in ast.walk(tree):  # from the outside in: the innermost comes last
        if isinstance(loop, ast.For) and isinstance(loop.target, ast.Name) and loop.target.id != "_":
            for node in ast.walk(loop):
                if isinstance(node, ast.Assign) and len(node.targets) == 1 and _summable(node.value):
                    found[id(node)] = node.value, loop.target.id, node.targets[0]
    yield from found.values()


def _summable(value: ast.expr) -> bool:
    """Whether a number may be added behind it as it is written, and it may be a number itself."""
    match value:
        case ast.Constant(value=constant):
            return isinstance(constant, int | float) and not isinstance(constant, bool)
        case ast.BinOp(op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div() | ast.Pow()):
            return True
        case _:
            return isinstance(value, ast.Call | ast.Subscript | ast.Name | ast.Attribute)


def _split(value: ast.expr, turn: str) -> tuple[ast.expr, dict[int, float]]:
    """What stands before a table of corrections, and the table; the value itself and nothing where there is none."""
    match value:
        case ast.BinOp(
            left=left,
            op=ast.Add(),
            right=ast.Call(func=ast.Attribute(value=ast.Dict() as table, attr="get"), args=[ast.Name(id=name), _]),
        ) if name == turn:
            try:
                entries = ast.literal_eval(table)
            except ValueError:
                return value, {}
            if all(type(key) is int and isinstance(entry, float) for key, entry in entries.items()):
                return left, entries
        case _:
            pass
    return value, {}


def _turns(tree: ast.Module) -> int:
    named = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and type(node.value) is int)
    return max((number for number in named if 2 < number <= MOST_TURNS), default=USUAL_TURNS)


def _text(value: float) -> str:
    text = f"{value:.6g}"
    return text if set(text) & set(".en") else f"{text}.0"
