"""Rows of a record as a DataFrame of pandas or polars, whichever is installed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal, get_args

from shinka_core.database.records import CallRecord, GenerationRecord, ProgramRecord
from shinka_core.errors import ConfigError
from shinka_core.opened.columns import Column, Kind, column, spread

Of = Literal["programs", "calls", "generations"]
LIBRARIES = ("pandas", "polars")

PROGRAM: dict[str, Kind] = {
    "sequence": "int", "id": "text", "generation": "int", "island": "int", "language": "text", "score": "float",
    "correct": "bool", "parent_id": "text", "name": "text", "patch_type": "text", "model": "text", "cost": "float",
    "evaluation_seconds": "float", "created_at": "time", "source": "text", "advice_id": "text", "idea_id": "text",
    "system_prompt_id": "text", "sampled_after": "int",
}  # fmt: skip
CALL: dict[str, Kind] = {
    "id": "int", "generation": "int", "purpose": "text", "attempt": "int", "turn": "int", "model": "text",
    "status": "text", "reason": "text", "cost": "float", "estimated": "bool", "seconds": "float", "created_at": "time",
}  # fmt: skip
TOKENS = ("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens")
NUMBERS = ("features", "instance_scores")
METRICS = ("public_metrics", "private_metrics")
MORE: dict[str, tuple[str, ...]] = {
    "programs": (*NUMBERS, *METRICS, "description", "diff", "text_feedback", "error"),
    "calls": ("messages", "answer", "error"),
    "generations": (),
}


def texts_for(of: str, columns: Collection[str]) -> tuple[str, ...]:
    """Which texts have to be read for those columns.

    Raises:
        ConfigError: There are no such rows, or no such column of them.
    """
    if of not in get_args(Of):
        raise ConfigError(f"of={of!r} are no rows; choose one of {', '.join(get_args(Of))}")
    if isinstance(columns, str):
        raise ConfigError(f"columns={columns!r} must be a list of names, such as [{columns!r}]")
    if unknown := [name for name in columns if name not in MORE[of]]:
        there = ", ".join(MORE[of]) or "none"
        raise ConfigError(f"columns={unknown} are none of {of} that could be read besides; there are: {there}")
    return tuple(name for name in columns if name not in NUMBERS)


def frame_of(of: str, rows: Sequence[Any], columns: Collection[str], library: str | None) -> Any:
    """The rows as a DataFrame.

    Raises:
        ConfigError: The library is not installed or not known.
    """
    chosen = _library(library)
    if of == "programs":
        table = _programs(rows, columns)
    else:
        table = _calls(rows, columns) if of == "calls" else _generations(rows)
    return _pandas(table) if chosen == "pandas" else _polars(table)


def _library(asked: str | None) -> str:
    if asked is not None and asked not in LIBRARIES:
        raise ConfigError(f"library={asked!r} is not known; choose one of {', '.join(LIBRARIES)}")
    for name in LIBRARIES if asked is None else (asked,):
        if find_spec(name) is not None:
            return name
    missing = "neither pandas nor polars is" if asked is None else f"library={asked!r} is not"
    raise ConfigError(
        f"{missing} installed; `pip install pandas` or `pip install polars`, or use programs(), calls() and generations(), "
        "which need neither"
    )


def _programs(rows: Sequence[ProgramRecord], columns: Collection[str]) -> dict[str, Column]:
    table = {name: column(kind, [getattr(row, name) for row in rows]) for name, kind in PROGRAM.items()}
    for name in columns:
        values = [getattr(row, name) if name in NUMBERS else row.texts[name] for row in rows]
        table |= spread(name, values) if name in (*NUMBERS, *METRICS) else {name: column("text", values)}
    return table


def _calls(rows: Sequence[CallRecord], columns: Collection[str]) -> dict[str, Column]:
    table = {name: column(kind, [getattr(row, name) for row in rows]) for name, kind in CALL.items()}
    table |= {name: column("int", [getattr(row.usage, name) for row in rows]) for name in TOKENS}
    return table | {name: column("text", [getattr(row, name) for row in rows]) for name in columns}


def _generations(rows: Sequence[GenerationRecord]) -> dict[str, Column]:
    failures = [row.failure for row in rows]
    return {
        "number": column("int", [row.number for row in rows]),
        "state": column("text", [row.state.value for row in rows]),
        "sequence": column("int", [row.sequence for row in rows]),
        "failure_step": column("text", [one and one.step for one in failures]),
        "failure_reason": column("text", [one and one.reason for one in failures]),
        "failure_detail": column("text", [one and one.detail for one in failures]),
        "blame": column("text", [row.blame and row.blame.value for row in rows]),
        "started_at": column("time", [row.started_at for row in rows]),
        "updated_at": column("time", [row.updated_at for row in rows]),
    }


def _pandas(table: dict[str, Column]) -> Any:
    pandas: Any = import_module("pandas")
    kinds = {
        "int": "Int64",
        "float": "Float64",
        "bool": "boolean",
        "text": "string",
        "time": "datetime64[us, UTC]",
    }
    return pandas.DataFrame(
        {name: pandas.Series(one.values, dtype=kinds[one.kind], name=name) for name, one in table.items()}
    )


def _polars(table: dict[str, Column]) -> Any:
    polars: Any = import_module("polars")
    kinds = {
        "int": polars.Int64,
        "float": polars.Float64,
        "bool": polars.Boolean,
        "text": polars.String,
        "time": polars.Datetime("us", "UTC"),
    }
    return polars.DataFrame([polars.Series(name, one.values, kinds[one.kind]) for name, one in table.items()])
