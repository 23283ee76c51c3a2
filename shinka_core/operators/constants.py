"""Numeric constants of a program: finding them, aligning two programs, moving them.

Step sizes adapt without state of their own. Between programs that differ in constants alone, the
differences tell the scale on which each constant matters (differential evolution: Storn and
Price, 1997); otherwise the step is drawn log-uniformly over two decades, so that some step is
always of the right size.
"""

from __future__ import annotations

import ast
import math
import re
from bisect import bisect_right
from dataclasses import dataclass, replace

import numpy as np

from shinka_core.edit.blocks import find_blocks
from shinka_core.edit.evolvable import NO_PROGRAMS
from shinka_core.operators.parsing import lines_with_ends, parsed

_PLAIN = r"(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?"
_NUMBER = re.compile(rf"(?<![\w.]){_PLAIN}(?![\w.])")
# With what says its type: 1.5f of C, 10UL, 2.5_f64 of Rust, 1.5d0 and 1.5_dp of Fortran, 1.5f0 of Julia, 10L of R.
_TYPED = re.compile(
    rf"(?<![\w.])(?P<number>{_PLAIN})(?P<type>[dD][+-]?\d+|_?[fiu](?:8|16|32|64|128|size)|[fF]0?|[uU]?[lL]{{0,2}}|[lL]{{1,2}}[uU]|[dDmM]"
    r"|_[A-Za-z]\w*|_(?:4|8|16))?(?![\w.])"
)
_IGNORED = re.compile(
    r"\"{3}.*?\"{3}|'{3}.*?'{3}|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|//[^\n]*|#[^\n]*|/\*.*?\*/", re.DOTALL
)

SMALLEST_STEP, LARGEST_STEP = -2.0, 0.0  # powers of ten, relative to the constant
INDEX_WEIGHT, SMALL_INTEGER_WEIGHT, INTEGER_WEIGHT = 0.02, 0.1, 0.5


@dataclass(frozen=True, slots=True)
class Constant:
    """A number in the source: `code[start:end]`.

    Attributes:
        weight: How readily it is changed; indices and tiny integers are mostly structure.
    """

    start: int
    end: int
    value: float
    integer: bool
    weight: float


def find_constants(code: str, language: str) -> list[Constant]:
    """The numbers inside the EVOLVE-BLOCKs, in order."""
    blocks = find_blocks(code)
    found = _in_python(code) if language == "python" else _in_text(code, _NUMBER if language in NO_PROGRAMS else _TYPED)
    return [
        constant
        for constant in found
        if any(block.start <= constant.start and constant.end <= block.end for block in blocks)
    ]


def skeleton(code: str, constants: list[Constant]) -> str:
    """The program with its constants blanked out; equal for programs that differ in them alone."""
    pieces: list[str] = []
    position = 0
    for constant in constants:
        pieces.append(code[position : constant.start])
        position = constant.end
    return "\0".join([*pieces, code[position:]])


def with_values(code: str, constants: list[Constant], values: list[float]) -> str:
    """The program with other numbers in the places of its constants."""
    pieces: list[str] = []
    position = 0
    for constant, value in zip(constants, values, strict=True):
        pieces.append(code[position : constant.start])
        written = code[constant.start : constant.end]
        pieces.append(written if value == constant.value else literal_text(value, constant.integer, written))
        position = constant.end
    return "".join([*pieces, code[position:]])


def perturb(rng: np.random.Generator, constants: list[Constant]) -> list[float]:
    """Moves a few constants, or now and then all of them a little."""
    weights = np.array([constant.weight for constant in constants])
    exponent = rng.uniform(SMALLEST_STEP, LARGEST_STEP)
    if rng.random() < 0.2:
        chosen = {int(i) for i in np.flatnonzero(rng.random(len(constants)) < weights)}
        exponent -= 0.7
    else:
        chosen = set[int]()
    if not chosen:
        count = min(int(rng.geometric(0.5)), len(constants))
        chosen = {int(i) for i in rng.choice(len(constants), size=count, replace=False, p=weights / weights.sum())}
    return [
        _moved(rng, constant, 10.0**exponent) if index in chosen else constant.value
        for index, constant in enumerate(constants)
    ]


def toward(rng: np.random.Generator, constants: list[Constant], other: list[Constant]) -> list[float]:
    """Moves along the line to another program's constants, also past it, with a little noise."""
    stride = rng.uniform(-0.5, 1.5)
    keep = rng.random(len(constants)) < rng.uniform(0.0, 0.7)
    values: list[float] = []
    for constant, target, stay in zip(constants, other, keep, strict=True):
        gap = target.value - constant.value
        value = constant.value
        if not stay and gap:
            value += gap * (stride + 0.1 * rng.standard_normal())
            value = float(round(value)) if constant.integer else value
        values.append(value)
    return values


def _moved(rng: np.random.Generator, constant: Constant, step: float) -> float:
    value = constant.value
    if constant.integer:
        reach = max(1.0, abs(value) * step)
        jump = max(1, round(abs(reach * rng.standard_normal())))
        return max(value + (jump if rng.random() < 0.5 else -jump), 0.0)
    if value == 0.0:
        return step * float(rng.standard_normal())
    # Cauchy-like tails: most steps are of the drawn size, a few are ten times larger.
    return value * (1.0 + step * float(np.clip(rng.standard_t(2), -20, 20)))


def literal_text(value: float, integer: bool, like: str = "") -> str:
    """A number as a program writes it, in brackets when it is negative.

    Args:
        like: The number in whose place it comes, whose type it keeps.
    """
    typed = _TYPED.fullmatch(like)
    kind = (typed and typed["type"]) or ""
    if integer:
        text = str(int(value))
    else:
        text = f"{value:.8g}"
        if text.lstrip("-").isdigit():
            text += ".0"
    if _is_exponent(kind):
        text = text.replace("e", "d") if "e" in text else f"{text}d0"
    else:
        text += kind
    return f"({text})" if text.startswith("-") else text


def _is_exponent(kind: str) -> bool:
    """Whether it is a power of ten as Fortran writes it in double precision."""
    return kind[:1] in ("d", "D") and len(kind) > 1


def _in_text(code: str, pattern: re.Pattern[str]) -> list[Constant]:
    hidden = [match.span() for match in _IGNORED.finditer(code)]
    starts = [start for start, _ in hidden]
    found: list[Constant] = []
    for match in pattern.finditer(code):
        before = bisect_right(starts, match.start()) - 1
        if before >= 0 and match.start() < hidden[before][1]:
            continue
        number, kind = (match["number"], match["type"] or "") if pattern is _TYPED else (match.group(), "")
        integer = number.isdigit() and kind[:1] not in ("d", "D", "f", "F", "m", "M") and not kind.startswith("_f")
        value = float(number + kind.lower().replace("d", "e")) if _is_exponent(kind) else float(number)
        if not math.isfinite(value):
            continue
        found.append(Constant(*match.span(), value, integer, _weight(value, integer)))
    return found


def _in_python(code: str) -> list[Constant]:
    tree = parsed(code)
    if tree is None:
        return _in_text(code, _NUMBER)
    offsets = _line_offsets(code)
    lines = lines_with_ends(code)
    structural = _structural(tree)
    found: list[Constant] = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or isinstance(node.value, bool | complex):
            continue
        if not isinstance(node.value, int | float) or node.end_col_offset is None or node.lineno != node.end_lineno:
            continue
        line = lines[node.lineno - 1].encode()
        start = offsets[node.lineno - 1] + len(line[: node.col_offset].decode())
        text = line[node.col_offset : node.end_col_offset].decode()
        if not _NUMBER.fullmatch(text):
            continue  # 0x10, 1_000: written so on purpose
        value, integer = float(node.value), isinstance(node.value, int)
        if not math.isfinite(value):
            continue
        constant = Constant(start, start + len(text), value, integer, _weight(value, integer))
        found.append(replace(constant, weight=INDEX_WEIGHT) if id(node) in structural else constant)
    return sorted(found, key=lambda constant: constant.start)


def _structural(tree: ast.AST) -> set[int]:
    """Constants whose change as a rule breaks the program: indices and shapes."""
    found: set[int] = set()
    for node in ast.walk(tree):
        inside: list[ast.AST] = []
        if isinstance(node, ast.Subscript):
            inside = [node.slice]
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult) and isinstance(node.left, ast.List):
            inside = [node.right]
        elif isinstance(node, ast.Dict):
            inside = [key for key in node.keys if key is not None]
        elif isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in {"zeros", "ones", "empty", "full", "reshape", "range"}:
                inside = list(node.args[:1])
            inside += [keyword.value for keyword in node.keywords if keyword.arg in {"axis", "shape", "dtype", "ndmin"}]
        for part in inside:
            found.update(id(constant) for constant in ast.walk(part) if isinstance(constant, ast.Constant))
    return found


def _weight(value: float, integer: bool) -> float:
    if not integer:
        return 1.0
    return SMALL_INTEGER_WEIGHT if abs(value) <= 2 else INTEGER_WEIGHT


def _line_offsets(code: str) -> list[int]:
    offsets = [0]
    for line in lines_with_ends(code):
        offsets.append(offsets[-1] + len(line))
    return offsets
