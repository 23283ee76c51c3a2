"""Records as columns: what a browser reads fastest, and the least text."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from shinka_core.database.records import CallRecord, GenerationRecord, ProgramRecord
from shinka_core.program import GenerationState

Row = TypeVar("Row")
# Instances and features that a page has room for.
MOST_NAMES = 200


def columns(rows: Sequence[Row], **of: Callable[[Row], Any]) -> dict[str, list[Any]]:
    """One list for each question, in the order of the rows."""
    return {name: [ask(row) for row in rows] for name, ask in of.items()}


def coded(values: Sequence[str]) -> dict[str, Any]:
    """Words of which many are the same, as numbers into a list of them."""
    words = sorted(set(values))
    numbers = {word: number for number, word in enumerate(words)}
    return {"words": words, "of": [numbers[value] for value in values]}


def seconds(moment: datetime) -> float:
    """Since 1970; what a database gives without a zone is UTC."""
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp(), 3)


def finite(value: float | None) -> float | None:
    """None for what JSON has no number for."""
    return value if value is not None and math.isfinite(value) else None


def program_columns(programs: Sequence[ProgramRecord]) -> dict[str, Any]:
    """Programs in the order in which they were recorded; a parent is named by its place in it, -1 for none."""
    place = {program.id: index for index, program in enumerate(programs)}
    found: dict[str, Any] = columns(
        programs,
        generation=lambda program: program.generation,
        score=lambda program: finite(program.score),
        correct=lambda program: int(program.correct),
        island=lambda program: program.island,
        parent=lambda program: place.get(program.parent_id or "", -1),
        name=lambda program: program.name,
        cost=lambda program: finite(program.cost),
        seconds=lambda program: round(program.evaluation_seconds, 3),
        at=lambda program: seconds(program.created_at),
        age=lambda program: program.age,
        files=lambda program: program.source,
        idea=lambda program: program.idea_id,
        advice=lambda program: program.advice_id,
        prompt=lambda program: program.system_prompt_id,
    )
    found["operator"] = coded([program.patch_type or "" for program in programs])
    found["model"] = coded([program.model for program in programs])
    found["language"] = coded([program.language for program in programs])
    found["features"] = _by_name([program.features for program in programs])
    found["instances"] = _by_name([program.instance_scores for program in programs])
    return found


def _by_name(values: Sequence[Mapping[str, float]]) -> dict[str, list[float | None]]:
    """Numbers that programs have by name, a column each; of very many names the first ones."""
    names = sorted({name for of in values for name in of})[:MOST_NAMES]
    return {name: [finite(of.get(name)) for of in values] for name in names}


def call_columns(calls: Sequence[CallRecord]) -> dict[str, Any]:
    """Calls of models in the order in which they were stored."""
    found: dict[str, Any] = columns(
        calls,
        generation=lambda call: call.generation,
        attempt=lambda call: call.attempt,
        turn=lambda call: call.turn,
        input=lambda call: call.usage.input_tokens,
        output=lambda call: call.usage.output_tokens,
        cached=lambda call: call.usage.cached_tokens,
        cost=lambda call: finite(call.cost),
        estimated=lambda call: int(call.estimated),
        seconds=lambda call: round(call.seconds, 3),
        at=lambda call: seconds(call.created_at),
    )
    for name in ("purpose", "model", "status", "reason"):
        found[name] = coded([getattr(call, name) for call in calls])
    return found


def failure_columns(generations: Sequence[GenerationRecord]) -> dict[str, Any]:
    """Generations that ended without a program, in the order in which they ended."""
    failed = sorted(
        (one for one in generations if one.state is GenerationState.FAILED), key=lambda one: one.sequence or 0
    )
    found: dict[str, Any] = columns(
        failed,
        generation=lambda one: one.number,
        detail=lambda one: one.failure.detail if one.failure else "",
        at=lambda one: seconds(one.updated_at),
    )
    found["step"] = coded([one.failure.step if one.failure else "" for one in failed])
    found["reason"] = coded([one.failure.reason if one.failure else "" for one in failed])
    found["blame"] = coded([one.blame.value if one.blame else "nobody" for one in failed])
    return found
