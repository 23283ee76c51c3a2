"""Opening a database: engine, pragmas, schema, and errors in our own words."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shinka_core.database.schema import LEGACY_VERSION_TABLE, REVISION, VERSION_TABLE, Base
from shinka_core.errors import DatabaseError, DatabaseUnavailableError, SchemaVersionError

# Another writer may hold the database for as long as a backup takes.
BUSY_TIMEOUT_MS = 60_000
LOCKED = "database is locked"
# Seconds until a new file that another is preparing is opened again.
LOOK_AGAIN = 0.05

# Names the lock under which a database of Postgres is prepared, among all programs' advisory locks in it.
_PREPARING = 0x5348494E4B41

# Classes of SQLSTATE that pass: connection, rollback for others' sake, resources, locks, an operator's
# intervention (a restart among them), the system below.
_PASSING = ("08", "40", "53", "55", "57", "58")


def create_engine(url: str) -> AsyncEngine:
    """An engine for the URL; nothing is opened or made yet.

    Raises:
        DatabaseError: The driver is missing.
    """
    parsed = make_url(url)
    try:
        if parsed.get_backend_name() != "sqlite":
            return create_async_engine(url, pool_size=5, max_overflow=5, pool_pre_ping=True)
        engine = create_async_engine(url)
    except ModuleNotFoundError as error:
        raise DatabaseError(f"{_name(url)} needs a driver: pip install 'shinka-prefect[postgres]' ({error})") from error
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    return engine


def file_of(url: str) -> Path | None:
    """The file of a SQLite database, or None."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        return None
    return Path(parsed.database)


def make_file(url: str) -> None:
    """Makes the file of a SQLite database, private to the user, if it is not there.

    Raises:
        DatabaseError: It cannot be made.
    """
    path = file_of(url)
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise DatabaseError(f"{_name(url)} cannot be opened: {error}") from error


async def prepare_schema(engine: AsyncEngine) -> None:
    """Creates the tables in an empty database, and brings an older one up to date.

    Raises:
        SchemaVersionError: The database is newer than this version, or not ours.
        DatabaseError: It is damaged or out of reach.
    """
    url = str(engine.url)
    until = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            with own_words(url):
                async with engine.begin() as connection:
                    await connection.run_sync(_prepare)
            return
        except DatabaseUnavailableError as error:
            # The first one that opens a new file gives it its WAL; who comes in the middle of that is refused at once.
            if LOCKED not in str(error) or time.monotonic() > until:
                raise
        await asyncio.sleep(LOOK_AGAIN)


@contextmanager
def own_words(url: str) -> Generator[None, None, None]:
    """Turns database errors into ours, which know whether trying again may help."""
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        raise explain(error, url) from error
    except Exception as error:
        # While connecting, asyncpg's errors come as they are.
        if not _state(error):
            raise
        raise explain(error, url) from error


def explain(error: Exception, url: str) -> DatabaseError:
    """Our error for one of SQLAlchemy's or of the driver's; passwords and statements stay out of it."""
    cause = str(getattr(error, "orig", None) or error).splitlines()[0][:300]
    if "not a database" in cause or "malformed" in cause:
        return DatabaseError(
            f"{_name(url)} is damaged or no SQLite database ({cause}); restore a copy, or start anew with another db_path"
        )
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    if lost or _state(error).startswith(_PASSING) or isinstance(error, OperationalError | InterfaceError | OSError):
        return DatabaseUnavailableError(f"{_name(url)} is not available: {cause}")
    return DatabaseError(f"{_name(url)}: {cause}")


def _state(error: Exception) -> str:
    """The SQLSTATE that a Postgres error carries, or ""."""
    return str(getattr(getattr(error, "orig", None) or error, "sqlstate", None) or "")


def _name(url: str) -> str:
    return f"database {make_url(url).render_as_string(hide_password=True)}"


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    # The timeout first: switching to WAL itself can find the file locked.
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


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
