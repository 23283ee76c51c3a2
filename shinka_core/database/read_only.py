"""Opening a database to read it: beside a run that writes it, and where nothing may be written."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, event, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from shinka_core.database.address import Address
from shinka_core.database.engine import BUSY_TIMEOUT_MS, create_engine
from shinka_core.database.file_guard import BESIDE
from shinka_core.database.schema import LEGACY_VERSION_TABLE, REVISION, VERSION_TABLE
from shinka_core.database.texts import dump_json, load_json
from shinka_core.errors import DatabaseError, SchemaVersionError


def read_only_engine(address: Address) -> AsyncEngine:
    """An engine that cannot change anything.

    Raises:
        DatabaseError: There is no such file, or a driver is missing.
    """
    if address.file is None:
        return create_engine(address).execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    if not address.file.is_file() or not address.file.stat().st_size:
        raise DatabaseError(f"{address.name} is not there; name the results folder of a run, or its database")
    query = {"uri": "true", "mode": "ro"} | ({"immutable": "1"} if _is_left_alone(address.file) else {})
    url = URL.create("sqlite+aiosqlite", database=f"file:{quote(os.fsencode(address.file))}", query=query)
    engine = create_async_engine(url, json_serializer=dump_json, json_deserializer=load_json)
    event.listen(engine.sync_engine, "connect", _prepare)
    return engine


async def check_revision(connection: AsyncConnection, name: str) -> None:
    """Refuses a database whose tables are not those of this version.

    Raises:
        SchemaVersionError: They are not; it says what to do.
    """
    found = await connection.run_sync(_revision)
    if found is None:
        raise SchemaVersionError(f"{name} holds no evolutions; name the database of a run")
    if found == REVISION:
        return
    if found < REVISION:
        raise SchemaVersionError(
            f"{name} is of an older version (schema {found!r}, read is {REVISION!r}); reading changes nothing, so bring "
            "it up to date first: resume the run, or open it once with AsyncProgramDatabase"
        )
    raise SchemaVersionError(
        f"{name} is of a newer version (schema {found!r}, this one reads {REVISION!r}); use the version that wrote it"
    )


def _revision(connection: Connection) -> str | None:
    tables = set(inspect(connection).get_table_names())
    for table in (VERSION_TABLE, LEGACY_VERSION_TABLE):
        if table in tables and "evolutions" in tables:
            return str(connection.execute(text(f"SELECT version_num FROM {table}")).scalar())
    return None


def _is_left_alone(file: Path) -> bool:
    """Whether nobody has it open, in a folder where SQLite could not even make the log that it would look into."""
    beside = any(Path(f"{file}{end}").exists() for end in BESIDE)
    return not beside and not os.access(file.parent, os.W_OK)


def _prepare(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA query_only = ON")
    cursor.close()
