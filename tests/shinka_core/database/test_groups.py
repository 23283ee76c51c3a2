"""What is written at the same time shares a commit: of a hundred rows of every kind there are a few, not hundreds."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sqlalchemy import text

from shinka_core.database import AsyncProgramDatabase
from shinka_core.llm.question import CallKey, Question
from shinka_core.program import Answer, Failure, GenerationState, Program, Purpose
from tests.shinka_core.database.test_programs import name, opened, program, unit

GENERATIONS = 40


async def lived_through(db: AsyncProgramDatabase, number: int, seed: Program) -> None:
    """One generation with rows of every kind."""
    await db.journal.claim(number)
    candidate = {"files": [["", f"x = {number}", "python"]], "name": "", "description": "", "diff": ""}
    steps = {
        GenerationState.SAMPLED: {"patch_type": "diff", "model": "m", "island": 0, "parent": "p"},
        GenerationState.PATCHED: {"candidate": candidate},
        GenerationState.JUDGED: {"verdict": {}, "embedding": None},
        GenerationState.SUBMITTED: {"job": {}},
        GenerationState.EVALUATED: {"score": 1.0},
    }
    question = Question(CallKey(number, Purpose.PROPOSAL, 0, 0), "m", "", "?", seed=0, options={"temperature": 0.2})
    await db.calls.answered(question, Answer("x", "m", cost=1.0))
    for step, payload in steps.items():
        await db.journal.write(number, step, 0, 0, payload, 0.1)
    if number % 5:
        await db.add(program(number, 1.0, parent=seed, inspiration_ids=(seed.id,)), unit(number))
    else:
        await db.journal.fail(number, Failure("patch", "x", ""))


async def test_what_is_written_together_is_committed_together(tmp_path: Path, database_url: str | None) -> None:
    run = name()
    async with opened(tmp_path, database_url) as db:
        await db.begin(run, seed=7, settings={})
        await db.journal.claim(0)
        await db.add(seed := program(0), unit(0))

        async def commits() -> int:
            async with db._engine.connect() as connection:
                return await connection.scalar(text("SELECT commits FROM evolutions WHERE name = :run"), {"run": run})  # type: ignore[return-value]

        before = await commits()
        async with asyncio.TaskGroup() as group:
            for number in range(1, GENERATIONS + 1):
                group.create_task(lived_through(db, number, seed))
        assert await commits() - before < GENERATIONS, "there are eight times as many writes"
        assert len(await db.journal.final()) == GENERATIONS + 1
