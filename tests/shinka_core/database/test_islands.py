"""Islands as rows, and what is written about the search."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from shinka_core.config import DatabaseConfig
from shinka_core.database import AsyncProgramDatabase
from shinka_core.database.islands import IslandRecord
from shinka_core.errors import DatabaseError
from tests.shinka_core.database.test_programs import opened, program, unit


def name() -> str:
    return f"islands-{uuid.uuid4().hex}"


async def test_a_run_begins_with_its_islands_and_a_resume_adds_those_that_are_new(
    tmp_path: Path, database_url: str | None
) -> None:
    run = name()
    async with opened(tmp_path, database_url, num_islands=2) as db:
        await db.begin(run, seed=7, settings={})
        assert await db.islands() == [IslandRecord(0), IslandRecord(1)]
        await db.add(program(0), None)
    async with opened(tmp_path, database_url, num_islands=3) as db:
        await db.resume(run)
        assert await db.islands() == [IslandRecord(0), IslandRecord(1), IslandRecord(2, created_after=1)]


async def test_a_spawned_island_has_its_program_and_a_retired_one_is_no_choice_also_after_a_resume(
    tmp_path: Path, database_url: str | None
) -> None:
    run = name()
    async with opened(tmp_path, database_url, num_islands=2) as db:
        await db.begin(run, seed=7, settings={})
        await db.add(program(0, 1.0), unit(0))
        best = program(1, 5.0, island=1)
        await db.add(best, unit(1))
        spawned = await db.spawn_island("best", best.id, {"operators": ["full"]})
        assert spawned == IslandRecord(2, "best", best.id, 2, None, {"operators": ["full"]})
        await db.add(program(2, 2.0, island=2), unit(2))
        assert await db.retire_island(0)
        assert not await db.retire_island(0), "it is already"
        await db.add(program(3, 2.0, island=1), unit(3))
        assert await db.islands() == [IslandRecord(0, retired_after=3), IslandRecord(1), spawned]
        lived = _state(db)
        with pytest.raises(DatabaseError, match="has no program 'nobody'"):
            await db.spawn_island("archive", "nobody")
        with pytest.raises(DatabaseError, match="has no island 9; it has 0, 1, 2"):
            await db.retire_island(9)
        assert await db.retire_island(1)
        with pytest.raises(DatabaseError, match="island 2 is the last"):
            await db.retire_island(2)
        lived = _state(db)
    async with opened(tmp_path, database_url, num_islands=2) as db:
        await db.resume(run)
        assert _state(db) == lived
        assert lived[1] == [2]


def _state(db: AsyncProgramDatabase) -> tuple[list[list[int]], list[int]]:
    view, stats = db._population.view(), db._population.stats()
    return [list(map(int, members)) for members in view.islands], list(map(int, stats.numbers))


async def test_advice_ideas_and_system_prompts_are_rows_with_a_descent(
    tmp_path: Path, database_url: str | None
) -> None:
    run = name()
    async with opened(tmp_path, database_url) as db:
        await db.begin(run, seed=7, settings={})
        await db.add(program(0), None)
        for shelf in (db.guidance.advice, db.guidance.ideas, db.guidance.system_prompts):
            first = await shelf.add("Größer denken.", details={"cautions": ["none"]})
            assert (first.created_after, first.uses, first.score, first.parent_id) == (1, 0, None, None)
            second = await shelf.add("Kleiner.", parent_id=first.id)
            await shelf.shown(second.id)
            await shelf.shown(second.id)
            await shelf.judged(second.id, 0.25)
            assert [one.id for one in await shelf.all()] == [first.id, second.id]
            with pytest.raises(DatabaseError, match="have no 'none' to be the parent"):
                await shelf.add("x", parent_id="none")
            with pytest.raises(DatabaseError, match="have no 'none'"):
                await shelf.shown("none")
    async with AsyncProgramDatabase(DatabaseConfig(db_path=database_url or "e.sqlite"), tmp_path) as db:
        await db.resume(run)
        for shelf in (db.guidance.advice, db.guidance.ideas, db.guidance.system_prompts):
            first, second = await shelf.all()
            assert (first.text, first.details) == ("Größer denken.", {"cautions": ["none"]})
            assert (second.parent_id, second.uses, second.score) == (first.id, 2, 0.25)
            assert await shelf.get(second.id) == second
            with pytest.raises(DatabaseError, match="have no 'none'"):
                await shelf.get("none")


async def test_what_was_shown_is_named_by_the_sampling_and_the_program(
    tmp_path: Path, database_url: str | None
) -> None:
    run = name()
    async with opened(tmp_path, database_url) as db:
        await db.begin(run, seed=7, settings={})
        shown = program(0, advice_id="a", idea_id="i", system_prompt_id="s", features={"size": 1.5})
        await db.add(shown, None)
        assert await db.by_generation(0) == shown
