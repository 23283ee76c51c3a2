"""The schema of a database that is opened: made in an empty one, brought up to date in an older one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shinka_core.database.own_words import own_words
from shinka_core.database.schema import LEGACY_VERSION_TABLE, REVISION, VERSION_TABLE, Base
from shinka_core.errors import DatabaseUnavailableError, SchemaVersionError

LOCKED = "database is locked"
# Seconds for which another may hold a file that is opened, and until it is opened again.
HELD = 60.0
LOOK_AGAIN = 0.05

# Names the lock under which a database of Postgres is prepared, among all programs' advisory locks in it.
_PREPARING = 0x5348494E4B41


async def prepare_schema(engine: AsyncEngine, name: str) -> None:
    """Creates the tables in an empty database, and brings an older one up to date, in one transaction.

    Args:
        name: Of the database, for messages.

    Raises:
        SchemaVersionError: The database is newer than this version, or not ours.
        DatabaseError: It is damaged or out of reach.
    """

    async def prepare() -> None:
        with own_words(name):
            async with engine.connect() as connection, _references_unchecked(connection), connection.begin():
                await connection.run_sync(_prepare)

    await _unlocked(prepare)


@asynccontextmanager
async def _references_unchecked(connection: AsyncConnection) -> AsyncGenerator[None, None]:
    """Lets SQLite replace a table that others refer to, which is how a column is dropped; not in a transaction."""
    if connection.dialect.name != "sqlite":
        yield
        return
    await _pragma(connection, "OFF")
    try:
        yield
    finally:
        await _pragma(connection, "ON")


async def _pragma(connection: AsyncConnection, foreign_keys: str) -> None:
    await connection.exec_driver_sql(f"PRAGMA foreign_keys = {foreign_keys}")
    await connection.commit()


async def _unlocked(act: Callable[[], Awaitable[None]]) -> None:
    until = time.monotonic() + HELD
    while True:
        try:
            return await act()
        except DatabaseUnavailableError as error:
            # The first one that opens a new file gives it its WAL; who comes in the middle of that is refused at once.
            if LOCKED not in str(error) or time.monotonic() > until:
                raise
        await asyncio.sleep(LOOK_AGAIN)


def _prepare(connection: Connection) -> None:
    _alone(connection)
    tables = set(inspect(connection).get_table_names())
    if VERSION_TABLE not in tables and LEGACY_VERSION_TABLE in tables and "evolutions" in tables:
        connection.execute(text(f"ALTER TABLE {LEGACY_VERSION_TABLE} RENAME TO {VERSION_TABLE}"))
    elif VERSION_TABLE not in tables:
        if taken := sorted(tables & set(Base.metadata.tables)):
            raise SchemaVersionError(
                f"the database holds tables named like ours ({', '.join(taken)}) but no schema version of ours "
                "(another program's?); choose another db_path"
            )
        Base.metadata.create_all(connection)
        connection.execute(text(f"CREATE TABLE {VERSION_TABLE} (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
        connection.execute(text(f"INSERT INTO {VERSION_TABLE} VALUES (:revision)"), {"revision": REVISION})
        return
    found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()
    if found != REVISION:
        from shinka_core.database.migrate import upgrade

        upgrade(connection, str(found))


def _alone(connection: Connection) -> None:
    """Lets runs that open one new database at the same moment prepare it one after another.

    SQLite has a lock of its own, taken here before the tables are looked at.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _PREPARING})
    else:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
