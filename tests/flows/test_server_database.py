"""The database of our own server: laid down once, never anew, and told when it is of another version."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from flows.orchestrator.server.find import prefect_server
from flows.orchestrator.server.schema import installed, lay_down, migrate, revision_of, schema_text
from shinka_core.errors import ConfigError
from tests.flows.test_server import at_home
from tests.support.prefect import ROOT


@pytest.mark.slow
async def test_the_database_of_another_version_is_told_at_once_with_the_remedy(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "prefect.db")) as database, database:
        database.execute("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        database.execute("INSERT INTO alembic_version VALUES ('ffffffffffff')")
    with (
        at_home(tmp_path),
        pytest.raises(ConfigError, match=r"another version of Prefect.*ffffffffffff.*PREFECT_HOME="),
    ):
        async with prefect_server(lambda line: None):
            pass


@pytest.mark.slow
def test_the_prepared_database_is_the_one_that_the_migrations_make(tmp_path: Path) -> None:
    prepared, migrated = tmp_path / "prepared.db", tmp_path / "migrated.db"
    assert lay_down(prepared, "3"), "no schema for the installed Prefect: python -m flows.orchestrator.server.schema"
    environment = {**os.environ, "PREFECT_HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", MIGRATE, str(migrated)], cwd=ROOT, env=environment, check=True)
    assert revision_of(prepared) == revision_of(migrated) == installed()[1]
    assert anatomy(prepared) == anatomy(migrated)


MIGRATE = f"import sys, pathlib; from {migrate.__module__} import migrate; migrate(pathlib.Path(sys.argv[1]))"


def anatomy(path: Path) -> dict[str, Any]:
    """A database's parts, whatever order and spacing its text has: two runs of the migrations differ in those."""
    parts: dict[str, Any] = {}
    with closing(sqlite3.connect(path)) as database:
        for kind, name, sql in database.execute("SELECT type, name, sql FROM sqlite_master").fetchall():
            parts[name] = (kind, sorted(part.rstrip(")") for part in "".join((sql or "").split()).split(",")))
            columns = database.execute(f'PRAGMA table_xinfo("{name}")').fetchall() if kind == "table" else []
            parts[f"{name}: columns"] = ["".join(repr(column).replace("\\n", "").split()) for column in columns]
            parts[f"{name}: keys"] = sorted(row[2:] for row in database.execute(f'PRAGMA foreign_key_list("{name}")'))
    parts["rows"] = [line for line in schema_text(path).splitlines() if line.startswith("INSERT")]
    return parts


def test_a_database_that_is_there_is_never_laid_down_anew(tmp_path: Path) -> None:
    database = tmp_path / "prefect.db"
    assert lay_down(database, "3")
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("INSERT INTO flow (name) VALUES ('kept')")
    assert lay_down(database, "3"), "it is up to date: no migration is to run"
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT name FROM flow").fetchall() == [("kept",)]
