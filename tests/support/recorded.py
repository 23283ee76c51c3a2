"""Rows of a record as values, for what is made of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from shinka_core.callbacks import Begun
from shinka_core.config import DatabaseConfig
from shinka_core.database import AsyncProgramDatabase
from shinka_core.database.records import CallRecord, GenerationRecord, ProgramRecord
from shinka_core.errors import Blame, RateLimitedError
from shinka_core.llm.question import CallKey, Question
from shinka_core.program import Answer, Failure, GenerationState, Program, Purpose, Usage, new_program_id
from shinka_core.source import Source

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


def call_record(number: int, cost: float | None, *, second: float = 0.0, **fields: Any) -> CallRecord:
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


# What models, evaluators and people may write: shown as text, wherever it is shown.
HOSTILE = "</pre><script>alert(1)</script> $\\frac{ \u202egnp.exe \x1b[2J_"
LATER = "x = 1\ny = 2\n"


async def small_record(folder: Path, url: str | None = None, name: str = "small") -> str:
    """A seed program, two children of which one is not correct, a generation that failed and one that goes on.

    Returns:
        What to open it by, with its name: the folder, or the URL.
    """
    async with AsyncProgramDatabase(DatabaseConfig(db_path=url or "evolution.sqlite", num_islands=2), folder) as db:
        await db.begin(name, seed=7, settings={"evolution": {"num_generations": 4}})
        seed = _program(0, 1.0, "x = 1\n", features={"size": 3.0})
        child = _program(
            1, 2.5, LATER, parent_id=seed.id, inspiration_ids=(seed.id,), name=HOSTILE, description="adds y",
            public_metrics={"speed": 2, "ok": True, "note": "fast"}, private_metrics={"secret": 1.5},
            text_feedback=f"better {HOSTILE}", model="m", patch_type="diff", features={"size": 6.0},
        )  # fmt: skip
        await _open(db, 0)
        await db.add(seed, None)
        await _open(db, 1)
        asked = Question(CallKey(1, Purpose.PROPOSAL, 0, 0), "m", "be good", "improve it", seed=0)
        await db.calls.answered(asked, Answer(f"done {HOSTILE}", "m", Usage(100, 20), cost=0.5, seconds=2.0))
        await db.add(child, None)
        await _open(db, 2)
        await db.calls.failed(
            replace(asked, key=CallKey(2, Purpose.PROPOSAL, 0, 0)), RateLimitedError("later"), 0.0, 1.0
        )
        await db.journal.fail(2, Failure("query", "rate_limited", "later"))
        await _open(db, 3)
        await db.add(_program(3, None, "x = (\n", parent_id=child.id, error="does not parse", island=1), None)
        await _open(db, 4)
    if url is None:
        (folder / "run.yaml").write_text(f'{{"name": "{name}", "database": "evolution.sqlite"}}\n')
    return url or str(folder)


async def _open(db: AsyncProgramDatabase, number: int) -> None:
    await db.journal.claim(number)


def _program(generation: int, score: float | None, code: str, **fields: Any) -> Program:
    values: dict[str, Any] = {"correct": score is not None, "island": 0} | fields
    return Program(id=new_program_id(), generation=generation, source=Source.of(code, "python"), score=score, **values)


def begun(folder: Path, **fields: Any) -> Begun:
    """A run that begins in that folder."""
    values: dict[str, Any] = {
        "evolution": "run", "results_dir": folder, "settings": {"evolution": {"num_generations": 4}}, "generations": 4,
        "ended": 0, "best_score": None, "failures": {}, "spent": lambda: 0.25,
    }  # fmt: skip
    return Begun(**values | fields)
