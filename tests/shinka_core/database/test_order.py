"""The order of programs is the order in which they were stored, whatever the clock said."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from shinka_core.database import AsyncProgramDatabase
from tests.shinka_core.database.fresh import fresh_database
from tests.shinka_core.database.old_schema import first_schema, first_schema_file
from tests.shinka_core.database.test_programs import name, opened, program, sample


async def ask(database: AsyncProgramDatabase, query: str, **values: object) -> list[sa.Row[tuple[object, ...]]]:
    async with database._engine.begin() as connection:
        found = await connection.execute(sa.text(query), values)
        return list(found.all()) if found.returns_rows else []


def children_of(database: AsyncProgramDatabase) -> list[int]:
    return database._population.view().children.tolist()


async def test_a_clock_that_was_set_back_changes_nothing_of_a_resumed_run(
    tmp_path: Path, database_url: str | None
) -> None:
    run = name()
    async with opened(tmp_path, database_url, archive_size=3) as db:
        await db.begin(run, seed=7, settings={})
        parent = None
        for number in range(6):
            await db.add(parent := program(number, 1.0 + number % 2, parent=parent), None)
        for late in (2, 4):
            await ask(db, "UPDATE programs SET created_at = '2000-01-01 00:00:00' WHERE generation = " + str(late))
        ids, children, elites = db._population.ids, children_of(db), db._population.elites
        best, next_one = await db.best(), await sample(db, 9)
    async with opened(tmp_path, database_url, archive_size=3) as db:
        await db.resume(run)
        assert db._population.ids == ids
        assert children_of(db) == children
        assert db._population.elites == elites
        assert await db.best() == best
        assert await sample(db, 9) == next_one
        rows = await ask(db, "SELECT sequence FROM programs WHERE evolution = :run ORDER BY generation", run=run)
        assert [row[0] for row in rows] == [1, 2, 3, 4, 5, 6]


async def test_programs_that_share_a_commit_are_numbered_as_they_came(tmp_path: Path, database_url: str | None) -> None:
    run = name()
    async with opened(tmp_path, database_url) as db:
        await db.begin(run, seed=7, settings={})
        await asyncio.gather(*(db.add(program(number, 1.0), None) for number in (3, 1, 0, 2)))
        rows = await ask(db, "SELECT generation FROM programs WHERE evolution = :run ORDER BY sequence", run=run)
        assert [row[0] for row in rows] == [3, 1, 0, 2]
        assert [(await db.get(id)).generation for id in db._population.ids] == [3, 1, 0, 2]
        best = await db.best()
        assert best is not None
        assert (best.generation, (await db.summary()).best_generation) == (3, 3), "the first of equals"


async def test_every_evolution_of_a_database_counts_by_itself(tmp_path: Path, database_url: str | None) -> None:
    for run in (name(), name()):
        async with opened(tmp_path, database_url) as db:
            await db.begin(run, seed=7, settings={})
            await db.add(program(0), None)
            await db.add(program(1), None)
            rows = await ask(db, "SELECT sequence FROM programs WHERE evolution = :run ORDER BY sequence", run=run)
            assert [row[0] for row in rows] == [1, 2]


@pytest.mark.parametrize("run", ["one", "two"])
async def test_a_database_of_the_first_version_is_numbered_as_it_was_written(
    tmp_path: Path, database_url: str | None, run: str
) -> None:
    programs = {"one": 4, "two": 3}
    url = None
    if database_url is None:
        first_schema_file(tmp_path / "e.sqlite", programs)
    else:
        url = await fresh_database(database_url)
        engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
        async with engine.begin() as connection:
            await connection.run_sync(first_schema, programs)
        await engine.dispose()
    async with opened(tmp_path, url) as db:
        await db.resume(run)
        assert [(await db.get(id)).generation for id in db._population.ids] == [*range(programs[run])]
        assert children_of(db) == [1] * (programs[run] - 1) + [0]
        await db.add(program(9, 9.0), None)
        rows = await ask(db, "SELECT sequence FROM programs WHERE evolution = :run ORDER BY sequence", run=run)
        assert [row[0] for row in rows] == [*range(1, programs[run] + 2)]
        assert (await db.summary()).best_generation == 9
