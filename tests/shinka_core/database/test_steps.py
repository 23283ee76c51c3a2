"""The journal is only ever added to, and what is met again is stored once."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import text

from shinka_core.database import AsyncProgramDatabase, Embeddings, TakeUp, values
from shinka_core.database.steps import REOPENED
from shinka_core.program import Candidate, Evaluation, GenerationState, Job, Verdict
from shinka_core.source import Source
from tests.shinka_core.database.test_programs import opened, program, unit

CANDIDATE = Candidate(source=Source.of("x = 3\n", "python"), name="n", description="d", diff="+x")


def name() -> str:
    return f"steps-{uuid.uuid4().hex}"


async def rows(db: AsyncProgramDatabase, query: str, **values: Any) -> list[tuple[Any, ...]]:
    async with db._engine.connect() as connection:
        return [tuple(row) for row in await connection.execute(text(query), values)]


async def test_a_second_submission_is_a_second_row_and_the_last_one_counts(
    tmp_path: Path, database_url: str | None
) -> None:
    run = name()
    async with opened(tmp_path, database_url) as db:
        await db.begin(run, seed=7, settings={})
        await db.journal.claim(1)
        jobs = [Job(str(number), "p", "r", 0.5) for number in range(3)]
        for job in jobs:
            await db.journal.write(1, GenerationState.SUBMITTED, 0, 0, values.dump_job(job), 0.1)
        claim = await db.journal.claim(1)
        found = claim.find(GenerationState.SUBMITTED, 0, 0)
        assert found is not None
        assert values.load_job(found) == jobs[-1]
        stored = await rows(db, "SELECT count(*) FROM generation_steps WHERE evolution = :run", run=run)
        assert stored == [(3,)]


async def test_a_text_and_its_embedding_are_stored_once_and_come_back_whole(
    tmp_path: Path, database_url: str | None
) -> None:
    run, code = name(), f"x = {uuid.uuid4().int}\n"
    candidate, vector = (
        Candidate(Source.of(code, "python"), "n", "d", "+x"),
        np.random.default_rng().standard_normal(16).astype(np.float32),
    )
    verdict = Verdict(True, 0.5, None, "")
    async with opened(tmp_path, database_url) as db:
        await db.begin(run, seed=7, settings={})
        await db.add(program(0), None)
        for number in (1, 2):
            await db.journal.claim(number)
            db.journal.write(number, GenerationState.PATCHED, 0, 0, values.dump_candidate(candidate), 0.1)
            db.journal.write(number, GenerationState.JUDGED, 0, 0, values.dump_verdict((verdict, vector)), 0.1)
            await db.add(program(number, source=Source.of(code, "python")), vector)
        claim = await db.journal.claim(2)
        assert values.load_candidate(claim.steps[GenerationState.PATCHED, 0, 0]) == candidate
        judged, embedding = values.load_verdict(claim.steps[GenerationState.JUDGED, 0, 0])
        assert judged == verdict
        assert np.array_equal(embedding if embedding is not None else (), vector)
        digest = Source.of(code, "python").digest
        assert await rows(db, "SELECT language, text FROM sources WHERE digest = :d", d=digest) == [("python", code)]
        named = await rows(
            db, "SELECT DISTINCT embedding FROM programs WHERE evolution = :run AND generation > 0", run=run
        )
        assert len(named) == 1
        whole = "SELECT count(*) FROM embeddings WHERE digest = :d"
        assert await rows(db, whole, d=named[0][0]) == [(1,)]


async def test_a_program_is_found_by_its_text_whatever_its_line_ends(tmp_path: Path, database_url: str | None) -> None:
    run = name()
    async with opened(tmp_path, database_url) as db:
        await db.begin(run, seed=7, settings={})
        first = program(0, source=Source.of("\ufeffx = 5\r\ny = 6\r\n", "python"))
        await db.add(first, None)
        second = program(1, source=Source.of("x = 5\ny = 6\n\n", "python"), island=1)
        await db.add(second, None)
        await db.add(program(2, source=Source.of("x = 7\n", "python"), island=1), None)
        found = await db.scored(Source.of("x = 5\ny = 6", "python").key)
        assert found == first
        assert await db.scored(Source.of("x = 7", "python").key, 0) is None
        other = await db.scored(Source.of("x = 7", "python").key, 1)
        assert other is not None
        assert other.generation == 2
        assert await db.scored(Source.of("x = 8", "python").key) is None
    async with opened(tmp_path, database_url) as db:
        await db.begin(name(), seed=7, settings={})
        assert await db.scored(first_key := Source.of("x = 5\ny = 6", "python").key) is None, first_key


async def test_other_embeddings_are_said_once_more_and_count_from_then_on(
    tmp_path: Path, database_url: str | None
) -> None:
    run = name()
    async with opened(tmp_path, database_url) as db:
        await db.begin(run, seed=7, settings={})
        seed = program(0)
        await db.add(seed, unit(0))
        await db.journal.claim(1)
        db.journal.write(1, GenerationState.PATCHED, 0, 0, values.dump_candidate(CANDIDATE), 0.1)
        verdict = values.dump_verdict((Verdict(True, 0.5, None, ""), unit(1)))
        await db.journal.write(1, GenerationState.JUDGED, 0, 0, verdict, 0.1)
    async with opened(tmp_path, database_url) as db:
        anew = Embeddings({seed.id: unit(2)}, {(1, 0, 0): unit(3)})
        await db.resume(run, TakeUp(embeddings=anew))
        kept = await db.embedding(seed.id)
        assert np.array_equal(kept if kept is not None else (), unit(2))
        claim = await db.journal.claim(1)
        _, embedding = values.load_verdict(claim.steps[GenerationState.JUDGED, 0, 0])
        assert np.array_equal(embedding if embedding is not None else (), unit(3))
        assert await rows(
            db,
            "SELECT step, count(*) FROM generation_steps WHERE evolution = :run AND step <> 'session' GROUP BY 1 ORDER BY 1",
            run=run,
        ) == [("judged", 2), ("patched", 1)]


@pytest.mark.parametrize("kill_after_the_claim", [False, True])
async def test_what_a_seed_program_came_to_before_it_was_reopened_stays_and_counts_no_more(
    tmp_path: Path, database_url: str | None, kill_after_the_claim: bool
) -> None:
    run = name()
    async with opened(tmp_path, database_url) as db:
        await db.begin(run, seed=7, settings={})
        await db.journal.claim(0)
        bad = Evaluation(None, False, error="no evaluator", reason="crashed")
        await db.journal.write(0, GenerationState.EVALUATED, 0, 0, values.dump_evaluation(bad), 0.1)
        await db.add(program(0, None), None)
    async with opened(tmp_path, database_url) as db:
        await db.resume(run)
        assert len(db) == 0
        claim = await db.journal.claim(0)
        assert claim.steps == {}
        if kill_after_the_claim:
            claim = await db.journal.claim(0)
            assert claim.steps == {}
        good = Evaluation(1.0, True, instance_scores={"a": 1.0}, features={"size": 2.0})
        await db.journal.write(0, GenerationState.EVALUATED, 0, 0, values.dump_evaluation(good), 0.1)
        claim = await db.journal.claim(0)
        assert values.load_evaluation(claim.steps[GenerationState.EVALUATED, 0, 0]) == good
        steps = await rows(
            db, "SELECT step FROM generation_steps WHERE evolution = :run AND step <> 'session' ORDER BY id", run=run
        )
        assert [step for (step,) in steps] == ["evaluated", REOPENED, "evaluated"]
