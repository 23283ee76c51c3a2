"""What `db_path` may say, and what comes of it."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from shinka_core.config import DatabaseConfig
from shinka_core.database import AsyncProgramDatabase
from shinka_core.database.address import address_of
from shinka_core.errors import ConfigError

# Folders and files as they come: Jenkins writes %2F for a slash, people write question marks.
ODD = (
    "job_feature%2Fx",
    "90%_b50",
    "a?b",
    "a#b",
    "v[2]",
    " two  spaces ",
    "ünï-日本語",
    "a+b&c=d",
    'it\'s "so"',
    "e:f",
    "%",
)


@pytest.mark.parametrize("name", ODD)
async def test_a_path_is_taken_to_the_letter(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    async with AsyncProgramDatabase(DatabaseConfig(db_path=f"{name}.sqlite"), folder) as db:
        await db.begin("run", seed=7, settings={})
    assert os.listdir(tmp_path) == [name]
    assert os.listdir(folder) == [f"{name}.sqlite"]
    with sqlite3.connect(folder / f"{name}.sqlite") as connection:
        assert connection.execute("SELECT name FROM evolutions").fetchall() == [("run",)]


async def test_a_name_of_bytes_that_are_no_text_is_one_too(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    async with AsyncProgramDatabase(DatabaseConfig(), folder) as db:
        await db.begin("run", seed=7, settings={})
    assert os.listdir(os.fsencode(tmp_path)) == [b"caf\xe9"]


@pytest.mark.parametrize(
    ("text", "file"),
    [
        (None, "/r/evolution.sqlite"),
        ("", "/r/evolution.sqlite"),
        ("e.sqlite", "/r/e.sqlite"),
        ("../shared.db", "/r/../shared.db"),
        ("/abs/e.db", "/abs/e.db"),
        ("~/e.db", "/home/of/e.db"),
        ("sqlite:////abs/e.db", "/abs/e.db"),
        ("sqlite:///e.db", "/there/e.db"),
        ("sqlite+pysqlite:////abs/e.db", "/abs/e.db"),
        ("sqlite+aiosqlite:////abs/100%.db", "/abs/100%.db"),
    ],
)
def test_files(monkeypatch: pytest.MonkeyPatch, text: str | None, file: str) -> None:
    monkeypatch.setenv("HOME", "/home/of")
    monkeypatch.setattr(Path, "cwd", lambda: Path("/there"))
    assert str(address_of(text, Path("/r")).file) == file


@pytest.mark.parametrize(
    ("text", "dsn"),
    [
        ("postgresql://me@host/db", "postgresql://me@host/db"),
        ("postgres://me@host:5433/db", "postgresql://me@host:5433/db"),
        ("postgresql+psycopg2://me@host/db", "postgresql://me@host/db"),
        ("postgresql+asyncpg://me@host/db?sslmode=require", "postgresql://me@host/db?sslmode=require"),
        ("postgresql://me@host/db?ssl=true", "postgresql://me@host/db?sslmode=require"),
        ("postgresql://me@host/db?ssl=verify-full", "postgresql://me@host/db?sslmode=verify-full"),
        ("postgresql://me@host/db?channel_binding=require&sslmode=require", "postgresql://me@host/db?sslmode=require"),
        ("postgresql://me@host/db?options=-c%20work_mem%3D8MB", "postgresql://me@host/db?options=-c%20work_mem%3D8MB"),
        ("postgresql://me@host/db?schema=mine", "postgresql://me@host/db?search_path=mine"),
        ("postgresql://me@h1:5432,h2:5433/db", "postgresql://me@h1:5432,h2:5433/db"),
        ("postgresql:///db?host=/run/pg", "postgresql:///db?host=%2Frun%2Fpg"),
        ("postgresql://me@[::1]:5433/db", "postgresql://me@[::1]:5433/db"),
    ],
)
def test_servers(text: str, dsn: str) -> None:
    address = address_of(text, Path("/r"))
    assert (address.dsn, address.file) == (dsn, None)


def test_what_a_server_is_asked_for_besides() -> None:
    assert address_of("postgresql://me@host/db?connect_timeout=3", Path("/r")).connect_timeout == 3.0
    for pooled in ("pgbouncer=true", "statement_cache_size=0", "prepared_statement_cache_size=0"):
        address = address_of(f"postgresql://me@host/db?{pooled}", Path("/r"))
        assert (address.pooled, address.dsn) == (True, "postgresql://me@host/db")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (":memory:", "nothing would be left"),
        ("sqlite://", "nothing would be left"),
        ("sqlite:///:memory:", "nothing would be left"),
        ("file:e.db?mode=memory", "nothing would be left"),
        ("sqlite:///e.db?mode=ro", "name the file"),
        ("sqlite://host/e.db", "sqlite:////absolute"),
        ("e\x00.db", "NUL"),
        ("sqlite+pysqlcipher:///e.db", "neither SQLite nor PostgreSQL"),
        ("mysql://me:hunter2@host/db", "neither SQLite nor PostgreSQL"),
        ("://nonsense", "neither SQLite nor PostgreSQL"),
        ("https://example.com/e.db", "neither SQLite nor PostgreSQL"),
        ("postgresql://me:hunter2@host:port/db", "is no port"),
        ("postgresql://me@host:70000/db", "is no port"),
        ("postgresql://me:hunter2@[::1/db", "IPv6"),
        ("postgresql://me@host/db?connect_timeout=soon", "soon"),
        ("postgresql://me@host/db?nonsense", "nonsense"),
        ("postgresql://me@host/db#part", "%23"),
    ],
)
def test_what_names_no_database_is_told_in_one_line_with_the_remedy(text: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        address_of(text, Path("/r"))
    message = str(caught.value)
    assert message.startswith("db_path=")
    assert told in message
    assert "hunter2" not in message
    assert "\n" not in message


def test_a_name_for_messages_holds_no_password() -> None:
    for url in ("postgresql://me:hunter2@host/db", "postgresql://me@host/db?password=hunter2&sslpassword=hunter2"):
        assert "hunter2" not in address_of(url, Path("/r")).name
