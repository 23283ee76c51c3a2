"""Opening a database: the engine, and what SQLite is told about the file."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shinka_core.database.address import Address
from shinka_core.database.network_share import shared_by_machines
from shinka_core.database.texts import dump_json, load_json
from shinka_core.errors import DatabaseError

logger = logging.getLogger("shinka.database")

# Milliseconds until SQLite says that another writer holds the file; whoever waits longer asks again.
BUSY_TIMEOUT_MS = 10_000
# No file is made by opening it: one that was removed must be missed, not replaced by an empty one.
OPEN = {"uri": "true", "mode": "rw"}


def create_engine(address: Address) -> AsyncEngine:
    """An engine for the address; nothing is opened or made yet.

    Raises:
        DatabaseError: The driver is missing.
    """
    if address.file is not None:
        return _sqlite(address.file)
    try:
        return create_async_engine(
            "postgresql+asyncpg://",
            connect_args={"async_creator_fn": _connecting(address)} | _pooled(address),
            pool_size=5,
            max_overflow=5,
            pool_pre_ping=True,
            json_serializer=dump_json,
            json_deserializer=load_json,
        )
    except ModuleNotFoundError as error:
        raise DatabaseError(
            f"{address.name} needs a driver: pip install 'shinka-prefect[postgres]' ({error})"
        ) from error


def make_file(file: Path) -> None:
    """Makes a SQLite file, private to the user, if it is not there.

    Raises:
        DatabaseError: It cannot be made or written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise DatabaseError(
            f"database {file} cannot be opened ({error.strerror or error}); make it a file in a folder that you may "
            "write, or choose another db_path"
        ) from error


def _sqlite(file: Path) -> AsyncEngine:
    url = URL.create("sqlite+aiosqlite", database=f"file:{quote(os.fsencode(file))}", query=OPEN)
    engine = create_async_engine(url, json_serializer=dump_json, json_deserializer=load_json)
    event.listen(engine.sync_engine, "connect", _preparing(file))
    return engine


def _preparing(file: Path) -> Callable[[Any, Any], None]:
    share = shared_by_machines(file)
    told: list[str] = []

    def prepare(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        # The timeout first: switching to WAL itself can find the file locked.
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA foreign_keys = ON")
        refused = f"it is on a network share ({share})" if share else _write_ahead(cursor)
        if refused:
            cursor.execute("PRAGMA journal_mode = DELETE")
        # Without the log a commit that is not on disk could leave half of itself there.
        cursor.execute(f"PRAGMA synchronous = {'FULL' if refused else 'NORMAL'}")
        cursor.close()
        if refused and not told:
            told.append(refused)
            logger.warning("%s is written without a write-ahead log, which is slower: %s", file, refused)

    return prepare


def _write_ahead(cursor: Any) -> str:
    """Switches to the write-ahead log; returns why that is impossible, or ""."""
    try:
        cursor.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if any(word in str(error) for word in ("locked", "readonly")):
            raise  # of the file itself, whatever the log
        return str(error)
    mode = str(cursor.fetchone()[0])
    return "" if mode == "wal" else f"the file system has no shared memory for it (journal_mode {mode})"


def _connecting(address: Address) -> Callable[..., Any]:
    async def connect(**options: Any) -> Any:
        import asyncpg

        driver: Any = asyncpg
        try:
            return await driver.connect(address.dsn, timeout=address.connect_timeout, **options)
        except TimeoutError as error:
            raise TimeoutError(f"no connection within {address.connect_timeout:g} seconds") from error
        except (ValueError, asyncpg.InterfaceError) as error:
            why = str(error).splitlines()[0]
            raise DatabaseError(f"{address.name} cannot be opened: {why}; correct the URL") from error

    return connect


def _pooled(address: Address) -> dict[str, Any]:
    """Behind a pooler the next transaction may meet a server that has never heard of a prepared statement."""
    if not address.pooled:
        return {}
    from uuid import uuid4

    return {
        "statement_cache_size": 0,
        "prepared_statement_cache_size": 0,
        "prepared_statement_name_func": lambda: f"__shinka_{uuid4().hex}__",
    }
