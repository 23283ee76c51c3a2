"""Columns with one type each, of values that come from evaluators and may be anything that JSON holds."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from shinka_core.storable import storable

Kind = Literal["int", "float", "bool", "text", "time"]


@dataclass(frozen=True, slots=True)
class Column:
    """Values of one kind, or None."""

    kind: Kind
    values: list[Any]


def column(kind: Kind, values: Sequence[Any]) -> Column:
    """A column of a known kind; what is to be text and is none is written as JSON."""
    return Column(kind, [_text(value) for value in values] if kind == "text" else list(values))


def spread(name: str, rows: Sequence[Mapping[str, Any] | None]) -> dict[str, Column]:
    """A column for each key of the rows, in the order in which keys first occur: `name.key`."""
    keys = dict.fromkeys(key for row in rows for key in row or {})
    return {f"{name}.{key}": _guessed([(row or {}).get(key) for row in rows]) for key in keys}


def _guessed(values: list[Any]) -> Column:
    """Truths as truths, numbers as numbers, and everything else, or a mixture, as text."""
    there = [value for value in values if value is not None]
    if all(isinstance(value, bool) for value in there):
        return Column("bool", values)
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in there):
        try:
            return Column("float", [None if value is None else float(value) for value in values])
        except OverflowError:  # a whole number beyond what a float holds
            pass
    return column("text", values)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return None if value is None else storable(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return storable(json.dumps(value, ensure_ascii=False, default=str))
