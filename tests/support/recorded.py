"""Rows of a record as values, for what is made of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from shinka_core.database.records import CallRecord, GenerationRecord, ProgramRecord
from shinka_core.errors import Blame
from shinka_core.program import Failure, GenerationState, Usage

BEGAN = datetime(2026, 1, 2, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def program_record(generation: int, score: float | None, *, second: float = 0.0, **fields: Any) -> ProgramRecord:
    """A program `p<generation>` of island 0 that is recorded so many seconds after the beginning."""
    values: dict[str, Any] = {
        "sequence": generation + 1, "id": f"p{generation}", "generation": generation, "island": 0,
        "language": "python", "score": score, "correct": score is not None, "parent_id": None, "name": "",
        "patch_type": "diff", "model": "m", "cost": 0.0, "evaluation_seconds": 1.0, "created_at": at(second),
        "source": "", "advice_id": None, "idea_id": None, "system_prompt_id": None, "instance_scores": {}, "features": {},
    }  # fmt: skip
    return ProgramRecord(**values | fields)


def call_record(number: int, cost: float, *, second: float = 0.0, **fields: Any) -> CallRecord:
    values: dict[str, Any] = {
        "generation": number, "purpose": "proposal", "attempt": 0, "turn": 0, "model": "m", "status": "answered",
        "reason": "", "usage": Usage(100, 10), "estimated": False, "seconds": 2.0, "created_at": at(second),
    }  # fmt: skip
    return CallRecord(id=number, cost=cost, **values | fields)


def failed_generation(
    number: int, reason: str, blame: Blame | None = Blame.MODEL, detail: str = "", sequence: int | None = None
) -> GenerationRecord:
    failure = Failure("query", reason, detail)
    return GenerationRecord(number, GenerationState.FAILED, sequence or number, failure, blame, at(0), at(1))
