"""The literals of a program that are worth tuning: where they stand, what they are called, and between what they may move."""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from shinka_core.edit.blocks import find_blocks
from shinka_core.operators.constants import Constant, find_constants
from shinka_core.operators.parsing import LineOffsets, lines_with_ends, parsed
from shinka_core.operators.tune_axes import Axis, choice_axis, number_axis, ranged_axis
from shinka_core.operators.tune_hints import Hint, hint_of, place_of_choice

# Numbers that are changed less readily than this are structure: indices, shapes, exponents, counts of two.
LEAST_WEIGHT = 0.3
LONGEST_NAME = 30
_ASSIGNED = re.compile(r"([A-Za-z_]\w*)\s*(?::[^=]*)?[:]?=[^=]*$")
BOOLEANS = ("False", "True")


@dataclass(frozen=True, slots=True)
class Literal:
    """`code[start:end]`, which may be another text.

    Attributes:
        name: What people call it: the variable, parameter or line.
    """

    start: int
    end: int
    name: str
    axis: Axis


def find_literals(code: str, language: str) -> list[Literal]:
    """What is worth tuning inside the EVOLVE-BLOCKs, in order.

    Numbers that are no structure, booleans of Python, and whatever a comment on its line gives a range or choices
    for; nothing on lines whose comment says `tune: off`.
    """
    text = _Text(code)
    constants = find_constants(code, language)
    names = _names(code) if language == "python" else {}
    found: list[Literal] = [*_chosen(text)]
    for constant in constants:
        axis = _axis(text, constant)
        if axis is not None:
            found.append(Literal(constant.start, constant.end, "", axis))
    if language == "python":
        found += [
            Literal(start, start + len(word), "", choice_axis(word, BOOLEANS))
            for start, word in _booleans(code)
            if not (hint := text.hint_at(start)) or not hint.off
        ]
    blocks = find_blocks(code)
    inside = [one for one in found if any(block.start <= one.start and one.end <= block.end for block in blocks)]
    return _named(text, _apart(inside), names)


@dataclass(frozen=True, slots=True)
class Literals:
    """The literals of a program as a space to search in."""

    code: str
    literals: list[Literal]

    @property
    def groups(self) -> None:
        """Every literal is one of its own kind."""

    @property
    def axes(self) -> list[Axis]:
        """One for each."""
        return [literal.axis for literal in self.literals]

    def written(self, point: Sequence[float]) -> str:
        """The program at a point."""
        return with_places(self.code, self.literals, point)

    def changes(self, point: Sequence[float]) -> list[tuple[str, str, str]]:
        """Name, text before and text after of each literal that is another one at a point."""
        return [
            (literal.name, literal.axis.text, literal.axis.written(place))
            for literal, place in zip(self.literals, point, strict=True)
            if place != literal.axis.start
        ]


def with_places(code: str, literals: Sequence[Literal], places: Sequence[float]) -> str:
    """The program with its literals at other places."""
    pieces: list[str] = []
    position = 0
    for literal, place in zip(literals, places, strict=True):
        pieces += [code[position : literal.start], literal.axis.written(place)]
        position = literal.end
    return "".join([*pieces, code[position:]])


class _Text:
    """A program by its lines, with the hints on them."""

    def __init__(self, code: str) -> None:
        self.lines = lines_with_ends(code)
        self.starts = list(accumulate((len(line) for line in self.lines), initial=0))
        told = ((number, hint_of(line.rstrip("\r\n"))) for number, line in enumerate(self.lines))
        self.hints = {number: hint for number, hint in told if hint is not None}

    def line_of(self, offset: int) -> int:
        return bisect_right(self.starts, offset) - 1

    def hint_at(self, offset: int) -> Hint | None:
        return self.hints.get(self.line_of(offset))


def _axis(text: _Text, constant: Constant) -> Axis | None:
    """How a number may move; None for one that may not."""
    hint = text.hint_at(constant.start)
    line = text.line_of(constant.start)
    written = text.lines[line][constant.start - text.starts[line] : constant.end - text.starts[line]]
    if hint is not None and (hint.off or hint.choices):
        return None
    if hint is not None and hint.ranged:
        fits = hint.low <= constant.value <= hint.high
        return ranged_axis(constant.value, hint.low, hint.high, hint.log, constant.integer, written) if fits else None
    return number_axis(constant.value, constant.integer, written) if constant.weight >= LEAST_WEIGHT else None


def _chosen(text: _Text) -> Iterator[Literal]:
    for number, hint in text.hints.items():
        if hint.choices and (place := place_of_choice(hint)) is not None:
            start, end = place
            first = text.starts[number]
            yield Literal(first + start, first + end, "", choice_axis(hint.code[start:end], hint.choices))


def _booleans(code: str) -> Iterator[tuple[int, str]]:
    """Where True and False stand in a Python program, but for conditions of loops, which would never end."""
    tree = parsed(code)
    if tree is None:
        return
    offsets = LineOffsets(code)
    loops = {id(part) for node in ast.walk(tree) if isinstance(node, ast.While) for part in ast.walk(node.test)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, bool) and id(node) not in loops:
            start = offsets.of(node)
            if code.startswith(str(node.value), start):
                yield start, str(node.value)


def _apart(literals: list[Literal]) -> list[Literal]:
    """In order, without those that lie in another one: what a hint names counts."""
    kept: list[Literal] = []
    for literal in sorted(literals, key=lambda one: (one.start, -one.end)):
        if not kept or literal.start >= kept[-1].end:
            kept.append(literal)
    return kept


def _named(text: _Text, literals: list[Literal], names: dict[int, str]) -> list[Literal]:
    """With names that tell them apart."""
    found: list[Literal] = []
    times: Counter[str] = Counter()
    for literal in literals:
        line = text.line_of(literal.start)
        before = text.lines[line][: literal.start - text.starts[line]]
        assigned = _ASSIGNED.search(before)
        name = names.get(literal.start) or (assigned and assigned[1]) or f"line {line + 1}"
        times[name] += 1
        found.append(replace(literal, name=name if times[name] == 1 else f"{name} ({times[name]})"))
    return found


def _names(code: str) -> dict[int, str]:
    """What constants of a Python program are called, by where they stand: the nearest name that they are given to."""
    tree = parsed(code)
    if tree is None:
        return {}
    offsets, names = LineOffsets(code), dict[int, str]()

    def give(part: ast.AST | None, name: str) -> None:
        for node in ast.walk(part) if part is not None else ():
            if isinstance(node, ast.Constant):
                names[offsets.of(node)] = name

    for node in ast.walk(tree):  # from the outside in: the nearest name comes last
        match node:
            case ast.Assign(targets=[target], value=value) | ast.AugAssign(target=target, value=value):
                give(value, _short(target))
            case ast.AnnAssign(target=target, value=value):
                give(value, _short(target))
            case ast.keyword(arg=str() as name, value=value):
                give(value, name)
            case ast.arguments():
                positional = [*node.posonlyargs, *node.args]
                for argument, default in zip(
                    positional[len(positional) - len(node.defaults) :], node.defaults, strict=True
                ):
                    give(default, argument.arg)
                for argument, default in zip(node.kwonlyargs, node.kw_defaults, strict=True):
                    give(default, argument.arg)
            case ast.Dict():
                for key, value in zip(node.keys, node.values, strict=True):
                    if isinstance(key, ast.Constant) and isinstance(key.value, str):
                        give(value, key.value[:LONGEST_NAME])
            case _:
                pass
    return names


def _short(target: ast.expr) -> str:
    text = ast.unparse(target)
    return text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME - 1] + "…"
