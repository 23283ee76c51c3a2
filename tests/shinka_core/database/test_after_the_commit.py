"""A generation that is recorded stays so, whatever fails after its program is stored; and when programs migrate."""

from __future__ import annotations

from pathlib import Path

import pytest

from shinka_core.database import AsyncProgramDatabase, EvolutionReader
from shinka_core.errors import Blame
from shinka_core.program import Failure, GenerationState
from shinka_core.record import Ended
from tests.shinka_core.database.test_population import residents
from tests.shinka_core.database.test_programs import name, opened, program, unit


async def test_a_program_whose_migration_fails_is_recorded_all_the_same(
    tmp_path: Path, database_url: str | None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path, database_url, archive_size=1) as db:
        await db.begin(name(), seed=7, settings={})
        for number in range(2):
            await db.journal.claim(number)
        await db.add(program(0), None)

        def breaking(*_: object) -> None:
            raise RuntimeError("after the commit")

        with monkeypatch.context() as patch:
            patch.setattr(db._recorder, "_due_moves", breaking)
            assert await db.add(program(1, 9.0), None)
        assert "after the commit" in caplog.text
        summary = await db.summary()
        assert (summary.programs, summary.failures, summary.generations) == (2, {}, 2)


async def test_a_final_state_is_final(tmp_path: Path, database_url: str | None) -> None:
    async with opened(tmp_path, database_url) as db:
        await db.begin(name(), seed=7, settings={})
        for number in range(2):
            await db.journal.claim(number)
        await db.add(program(0), None)
        await db.journal.fail(0, Failure("record", "late", "an error after the commit"))
        await db.journal.fail(1, Failure("patch", "first", "1"))
        await db.journal.fail(1, Failure("patch", "second", "2"))
        assert await db.journal.final() == {0: GenerationState.RECORDED, 1: GenerationState.FAILED}
        assert (await db.journal.claim(1)).failure == Failure("patch", "first", "1")
        summary = await db.summary()
        assert (summary.programs, summary.failures, summary.generations) == (1, {"patch: first": 1}, 2)


async def evolved(db: AsyncProgramDatabase, run: str, seed: int, failing: set[int]) -> set[int]:
    await db.begin(run, seed=seed, settings={})
    for number in range(16):
        await db.journal.claim(number)
        if number in failing:
            await db.journal.fail(number, Failure("patch", "x", ""))
        else:
            await db.add(program(number, float(number % 7), island=0), unit(number))
    return await residents(db, run, 1)


async def test_programs_migrate_whichever_generation_fails_and_by_the_seed_of_the_run(
    tmp_path: Path, database_url: str | None
) -> None:
    there: dict[tuple[int, bool], set[int]] = {}
    for seed, failing in ((1, set[int]()), (2, set[int]()), (1, {10})):
        async with opened(tmp_path, database_url, migration_rate=0.3, migration_interval=10) as db:
            there[seed, bool(failing)] = await evolved(db, name(), seed, failing)
    assert all(len(residents) in (4, 5) for residents in there.values()), there
    assert there[1, False] != there[2, False], "the same for every seed"
    async with opened(tmp_path, database_url, migration_rate=0.3, migration_interval=10) as db:
        assert await evolved(db, name(), 1, set()) == there[1, False], "and the same again for the same seed"


async def test_whose_fault_an_end_was_is_in_the_record(tmp_path: Path, database_url: str | None) -> None:
    run, unlucky = name(), Failure("patch", "search_not_found", "")
    async with opened(tmp_path, database_url) as db:
        await db.begin(run, seed=7, settings={})
        for number in range(3):
            await db.journal.claim(number)
        await db.journal.fail(0, Failure("query", "refused", "no"), Blame.MODEL)
        await db.journal.fail(1, unlucky)
        await db.journal.fail(1, unlucky, Blame.US)
        claims = [await db.journal.claim(number) for number in range(3)]
        assert [claim.blame for claim in claims] == [Blame.MODEL, None, None]
        async with EvolutionReader.open(database_url or tmp_path / "e.sqlite", run) as reader:
            assert [one.blame async for one in reader.generations()] == [Blame.MODEL, None, None]
            ends = [event async for event in reader.events() if isinstance(event, Ended)]
        assert [(end.generation, end.blame) for end in ends] == [(0, Blame.MODEL), (1, None)]
