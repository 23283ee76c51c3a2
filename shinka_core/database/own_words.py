"""Errors of databases and their drivers in our own words, without passwords and statements."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError

from shinka_core.errors import DatabaseError, DatabaseUnavailableError

# Classes of SQLSTATE that pass: connection, rollback for others' sake, resources, locks, an operator's
# intervention (a restart among them), the system below.
_PASSING = ("08", "40", "53", "55", "57", "58")
# The same of SQLite, by the first byte of its code.
_PASSING_IN_SQLITE = {
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_INTERRUPT, sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_SCHEMA,
}  # fmt: skip
_LONGEST = 300


@contextmanager
def own_words(name: str) -> Generator[None, None, None]:
    """Turns database errors into ours, which know whether waiting may help.

    Args:
        name: Of the database, for the message.
    """
    try:
        yield
    except (SQLAlchemyError, OSError) as error:
        raise explain(error, name) from error
    except Exception as error:
        # While connecting, asyncpg's errors come as they are.
        if not _state(error):
            raise
        raise explain(error, name) from error


def explain(error: Exception, name: str) -> DatabaseError:
    """Our error for one of SQLAlchemy's or of the driver's."""
    original = getattr(error, "orig", None) or error
    cause = (str(original).splitlines() or [""])[0][:_LONGEST] or type(original).__name__
    if isinstance(original, TimeoutError) and not str(original):
        cause = "it does not answer"
    if "not a database" in cause or "malformed" in cause:
        return DatabaseError(
            f"{name} is damaged or no SQLite database ({cause}); restore a copy, or start anew with another db_path"
        )
    if "readonly database" in cause:
        return DatabaseError(
            f"{name} cannot be written ({cause}): the file, its folder or a file beside it (-wal, -shm) is "
            "read-only for this user; make them writable, or choose another db_path"
        )
    if _passes(error):
        return DatabaseUnavailableError(f"{name} is not available: {cause}")
    return DatabaseError(f"{name}: {cause}")


def _passes(error: Exception) -> bool:
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if state := _state(error):
        return state.startswith(_PASSING)
    code = getattr(getattr(error, "orig", None) or error, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in _PASSING_IN_SQLITE
    return isinstance(error, OperationalError | InterfaceError | OSError)


def _state(error: Exception) -> str:
    """The SQLSTATE that a Postgres error carries, or ""."""
    return str(getattr(getattr(error, "orig", None) or error, "sqlstate", None) or "")
