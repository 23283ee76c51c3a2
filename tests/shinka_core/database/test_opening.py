"""Opening a database: many at once, and killed in the middle of making or changing its tables."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from shinka_core.database.schema import REVISION
from tests.shinka_core.database.fresh import fresh_database
from tests.shinka_core.database.old_schema import first_schema, first_schema_file
from tests.shinka_core.database.test_order import ask
from tests.shinka_core.database.test_programs import opened, program
from tests.support.prefect import ROOT

OPEN = """
import asyncio, os, signal, sys
from shinka_core.config import DatabaseConfig
from shinka_core.database import AsyncProgramDatabase
async def main():
    url, folder, name = sys.argv[1:4]
    async with AsyncProgramDatabase(DatabaseConfig(db_path=url), folder) as db:
        await db.begin(name, seed=1, settings={})
        print(name, flush=True)
def die(*_arguments, **_options):
    os.kill(os.getpid(), signal.SIGKILL)
%s
asyncio.run(main())
"""
# Between the tables and the row that says which version they are.
AFTER_THE_TABLES = """
from sqlalchemy import event
from shinka_core.database.schema import Base
event.listen(Base.metadata, "after_create", die)
"""
# With the columns added and some of the programs numbered.
IN_A_MIGRATION = """
from alembic import op
op.create_index = die
"""


async def process(code: str, url: str, folder: Path, name: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", OPEN % code, url, str(folder), name,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


@pytest.mark.slow
async def test_six_processes_open_an_empty_database_at_once(tmp_path: Path, database_url: str | None) -> None:
    url = await fresh_database(database_url) if database_url else "e.sqlite"
    processes = [await process("", url, tmp_path, f"run-{number}") for number in range(6)]
    said = await asyncio.gather(*(one.communicate() for one in processes))
    assert [out.decode() for out, _error in said] == [f"run-{number}\n" for number in range(6)], said


@pytest.mark.slow
@pytest.mark.parametrize("old", [False, True], ids=["making", "migrating"])
async def test_killed_in_the_middle_it_is_as_it_was_before(tmp_path: Path, database_url: str | None, old: bool) -> None:
    url = await fresh_database(database_url) if database_url else "e.sqlite"
    if old and database_url is None:
        first_schema_file(tmp_path / "e.sqlite", {"old": 3})
    elif old:
        engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
        async with engine.begin() as connection:
            await connection.run_sync(first_schema, {"old": 3})
        await engine.dispose()
    killed = await process(IN_A_MIGRATION if old else AFTER_THE_TABLES, url, tmp_path, "run")
    out, error = await killed.communicate()
    assert (killed.returncode, out) == (-signal.SIGKILL, b""), error
    async with opened(tmp_path, url) as db:
        [(version,)] = await ask(db, "SELECT version_num FROM shinka_schema")
        assert version == REVISION
        if old:
            await db.resume("old")
            assert len(db) == 3
        else:
            await db.begin("run", seed=1, settings={})
        await db.add(program(9), None)
