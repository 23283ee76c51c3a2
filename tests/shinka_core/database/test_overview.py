"""What a run looks like from outside: best programs, spending and failures, on both databases."""

from __future__ import annotations

import uuid
from pathlib import Path

from shinka_core.database import EvolutionReader
from shinka_core.database.overview import EXAMPLE, MOST, Overview
from shinka_core.errors import Blame
from shinka_core.llm.question import CallKey, Question
from shinka_core.program import Answer, Failure, Purpose, Usage
from tests.shinka_core.database.test_programs import opened, program


async def overview(tmp_path: Path, url: str | None, name: str) -> Overview:
    async with EvolutionReader.open(url or tmp_path / "e.sqlite", name) as reader:
        return await reader.overview()


async def test_the_best_what_was_spent_and_what_failed(tmp_path: Path, database_url: str | None) -> None:
    name = f"overview-{uuid.uuid4().hex}"
    async with opened(tmp_path, database_url) as db:
        await db.begin(name, seed=7, settings={})
        assert await overview(tmp_path, database_url, name) == Overview(None, [], [], [])
        await db.add(program(0, 1.0, name="seed"), None)
        for number in range(1, MOST + 5):
            await db.add(program(number, float(number % 9), patch_type="diff", model="m", island=number % 2), None)
        await db.add(program(90, None, error="first"), None)
        await db.add(program(91, 99.0, correct=False, error="x" * 5_000), None)
        ends = [("patch", "no_edit", None)] * 2 + [("query", "http_500", Blame.MODEL)]
        for number, (step, reason, blame) in enumerate(ends, 100):
            await db.journal.claim(number)
            await db.journal.fail(number, Failure(step, reason, f"detail {number}"), blame)
        seen = await overview(tmp_path, database_url, name)
    assert seen.seed_score == 1.0
    assert len(seen.best) == MOST
    assert [one.score for one in seen.best] == sorted((one.score for one in seen.best), reverse=True)
    assert [one.generation for one in seen.best[:2]] == [8, 17], "of equals the one that was first"
    assert (seen.best[0].operator, seen.best[0].model, seen.best[0].island) == ("diff", "m", 0)
    assert [(one.step, one.reason, one.blame, one.count, one.last) for one in seen.failures] == [
        ("patch", "no_edit", "", 2, 101),
        ("evaluate", "not_correct", "candidate", 2, 91),
        ("query", "http_500", "model", 1, 102),
    ]
    assert [one.example for one in seen.failures] == ["detail 101", "x" * EXAMPLE, "detail 102"]


async def test_spending_is_by_model_and_purpose(tmp_path: Path, database_url: str | None) -> None:
    name = f"overview-{uuid.uuid4().hex}"
    async with opened(tmp_path, database_url) as db:
        await db.begin(name, seed=7, settings={})
        for number in range(3):
            model = "large" if number else "small"
            question = Question(CallKey(number, Purpose.PROPOSAL, 0, 0), model, "", "?", seed=0)
            answer = Answer("a", model, Usage(10, 2), cost=0.5, seconds=2.0, estimated=number == 2)
            await db.calls.answered(question, answer)
        seen = await overview(tmp_path, database_url, name)
    assert [(one.model, one.purpose, one.calls, one.failed, one.cost, one.estimated) for one in seen.spending] == [
        ("large", "proposal", 2, 0, 1.0, 0.5),
        ("small", "proposal", 1, 0, 0.5, 0.0),
    ]
    assert (seen.spending[0].input_tokens, seen.spending[0].output_tokens, seen.spending[0].seconds) == (20, 4, 4.0)
