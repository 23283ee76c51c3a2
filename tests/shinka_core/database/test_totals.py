"""Totals are asked for at every start and end of a run; long texts must not be read for them."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from shinka_core.llm.question import CallKey, Question
from shinka_core.program import Answer, Purpose
from tests.shinka_core.database.old_schema import first_schema_file
from tests.shinka_core.database.test_programs import name, opened, program, unit
from tests.support.pace import stretched

LONG = "x" * 200_000


@pytest.mark.slow
async def test_the_sum_of_three_hundred_long_calls_takes_less_than_five_milliseconds(
    tmp_path: Path, database_url: str | None
) -> None:
    run = name()
    async with opened(tmp_path, database_url) as db:
        await db.begin(run, seed=7, settings={})
        said = Answer(LONG, "m", cost=0.25)
        asked = [CallKey(number, Purpose.PROPOSAL, 0, 0) for number in range(300)]
        await asyncio.gather(*(db.calls.answered(Question(key, "m", "", LONG, seed=0), said) for key in asked))
        async with db._engine.connect() as connection:
            stored = sa.text("SELECT count(*) FROM model_call_texts WHERE length(answer) = :long")
            assert (await connection.execute(stored, {"long": len(LONG)})).scalar() == 300, (
                "long texts, as they are kept"
            )
        for number in range(30):
            await db.add(program(number, float(number), diff=LONG, text_feedback=LONG), unit(number))
        summary = await db.summary()
        assert (summary.cost, summary.models["m"].calls, summary.programs, summary.best_score) == (75.0, 300, 30, 29.0)
        async with db._engine.connect() as connection:
            query = sa.text("SELECT sum(cost) FROM model_calls WHERE evolution = :run")
            took = []
            for _ in range(30):
                started = time.perf_counter()
                assert (await connection.execute(query, {"run": run})).scalar() == 75.0
                took.append(time.perf_counter() - started)
    assert min(took) < stretched(0.005)


async def test_a_database_of_the_first_version_has_the_same_indexes_and_totals(tmp_path: Path) -> None:
    first_schema_file(tmp_path / "e.sqlite", {"one": 4})
    async with opened(tmp_path) as db:
        await db.resume("one")
        summary = await db.summary()
        assert (summary.programs, summary.correct, summary.evaluation_seconds) == (4, 4, 1.0)
        async with db._engine.connect() as connection:
            for query in (
                "SELECT model, sum(cost) FROM model_calls WHERE evolution = 'one' GROUP BY model",
                "SELECT sum(evaluation_seconds) FROM programs WHERE evolution = 'one'",
            ):
                plan = (await connection.execute(sa.text(f"EXPLAIN QUERY PLAN {query}"))).all()
                assert "COVERING INDEX" in str(plan), (query, plan)
