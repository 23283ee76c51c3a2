"""A run of another system: what is taken over of it, whichever system that is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from shinka_core.errors import ConfigError
from shinka_core.program import Purpose, Usage

# The model of a call of which only the cost is kept.
NOT_TOLD = "not told"


@dataclass(frozen=True, slots=True)
class ForeignCall:
    """What a model was asked on the way to a program, as far as that is kept.

    Attributes:
        purpose: What for, in our words.
        cost: US dollars; of several questions, where the other system has them in one; None where it does not know.
    """

    purpose: Purpose
    model: str
    cost: float | None
    system: str = ""
    user: str = ""
    answer: str = ""
    usage: Usage = field(default_factory=Usage)


@dataclass(frozen=True, slots=True)
class ForeignProgram:
    """A program as the other system has it.

    Attributes:
        id: Of the other system.
        number: Which of its iterations or generations made it.
        copy_of: Id of the program that it is a copy of, made for another island.
        parent_id: None as well where the parent is not kept.
        moment: Seconds since 1970.
        embedding: Empty where there is none.
    """

    id: str
    number: int
    code: str
    language: str
    island: int
    score: float | None
    correct: bool
    moment: float
    parent_id: str | None = None
    copy_of: str | None = None
    inspirations: tuple[str, ...] = ()
    name: str = ""
    description: str = ""
    patch_type: str | None = None
    model: str = ""
    cost: float | None = 0.0
    seconds: float = 0.0
    diff: str = ""
    text_feedback: str = ""
    error: str = ""
    public_metrics: Mapping[str, Any] = field(default_factory=dict[str, Any])
    private_metrics: Mapping[str, Any] = field(default_factory=dict[str, Any])
    calls: tuple[ForeignCall, ...] = ()
    embedding: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class ForeignFailure:
    """A generation that made no program."""

    number: int
    step: str
    reason: str
    detail: str
    moment: float


@dataclass(frozen=True, slots=True)
class ForeignRun:
    """A run.

    Attributes:
        system: That made it.
        place: The file or folder that it was read from.
        name: What it may be called here.
        programs: At least one.
    """

    system: str
    place: Path
    name: str
    programs: tuple[ForeignProgram, ...]
    failures: tuple[ForeignFailure, ...] = ()


def number_of(value: object) -> float | None:
    """A finite number, or None for all else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def count_of(value: object) -> int:
    """A whole number that is not negative, or 0 for all else."""
    return max(int(number_of(value) or 0), 0)


def mapping_of(value: object) -> dict[str, Any]:
    """An object of JSON, or an empty one for all else."""
    return dict(cast(Mapping[str, Any], value)) if isinstance(value, Mapping) else {}


def list_of(value: object) -> list[object]:
    """A list of JSON, or an empty one for all else."""
    return cast(list[object], value) if isinstance(value, list) else []


def vector_of(value: object) -> tuple[float, ...]:
    """A list of finite numbers, or an empty one for all else."""
    numbers = [number_of(each) for each in list_of(value)]
    return () if None in numbers else tuple(number for number in numbers if number is not None)


def words(value: object) -> str:
    """A text, the lines of a list, or "" for nothing."""
    if isinstance(value, list):
        return "\n".join(map(words, cast(list[object], value)))
    return "" if value is None else str(value)


def time_of(seconds: float) -> datetime:
    """The moment of so many seconds since 1970; their beginning where there is no such time."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def broken(system: str, place: Path, why: object) -> ConfigError:
    """What a person is told of a run that cannot be read."""
    return ConfigError(
        f"{str(place)!r} cannot be read as a run of {system}: {why}; name one that was written to its end"
    )


def scored_by(system: str, place: Path, score: str, metrics: Mapping[str, Any]) -> ConfigError:
    """What a person is told when no program has that metric."""
    numbers = [name for name, value in metrics.items() if number_of(value) is not None]
    there = ", ".join(map(repr, numbers)) or "none"
    return ConfigError(
        f"no program of {system}'s run {str(place)!r} has the metric {score!r} as its score; its numbers are {there}: "
        "say which of them is the score, larger is better (--score NAME)"
    )
