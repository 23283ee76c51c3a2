"""A new SQLite database for the server without running a hundred migrations, and a strange one told at once.

Prefect makes a new database by all the migrations since its first release, which takes longer than all
the rest of its start. What they come to is a fixed text, so it is kept here as one file per revision
(`schemas/`, written by `python -m flows.orchestrator.server.schema`). It is used only when the database
is new and the installed Prefect ends at that very revision; else Prefect's migrations run as ever.

Nothing of Prefect is imported: its migrations are read as text.
"""

from __future__ import annotations

import importlib.util
import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from shinka_core.errors import ConfigError

SCHEMAS = Path(__file__).parent / "schemas"
_MIGRATIONS = Path("server", "database", "_migrations", "versions", "sqlite")
_REVISION = re.compile(r"^(revision|down_revision)\b[^=\n]*=\s*(.*)$", re.MULTILINE)
_NAME = re.compile(r"[\"']([0-9a-z_]+)[\"']")
_PREFIX = "sqlite+aiosqlite:///"


def sqlite_path(url: str) -> Path | None:
    """The file of an SQLite database as Prefect names it; None for any other database."""
    path = url.removeprefix(_PREFIX)
    return Path(path) if path != url and path and "?" not in path and ":memory:" not in path else None


def lay_down(database: Path, version: str) -> bool:
    """Makes a new database as Prefect's migrations would have made it.

    Args:
        database: The file, which need not be there.
        version: Of Prefect, for the message.

    Returns:
        Whether the database is now at the installed Prefect's revision; else its migrations have to run.

    Raises:
        ConfigError: The database has been written by another Prefect, whose revision this one does not know.
    """
    revisions, head = installed()
    if head is None:
        return False  # Prefect keeps its migrations elsewhere now; it knows where
    found = revision_of(database)
    if found is None:
        schema = SCHEMAS / f"{head}.sql"
        if not schema.is_file() or (database.exists() and database.stat().st_size):
            return False
        with closing(sqlite3.connect(database)) as connection:
            # All or nothing: a process that ends in between leaves an empty database.
            connection.executescript(f"BEGIN;\n{schema.read_text(encoding='utf-8')}\nCOMMIT;")
        return True
    if found not in revisions:
        raise ConfigError(
            f"the database {database} was written by another version of Prefect than this one, {version} (it is at "
            f"revision {found}); use that version, or another home for this one: PREFECT_HOME={_other_home(version)}"
        )
    return found == head


def installed() -> tuple[set[str], str | None]:
    """The revisions that the installed Prefect knows for SQLite, and the last of them if there is one last."""
    spec = importlib.util.find_spec("prefect")
    if spec is None or spec.origin is None:
        return set(), None
    revisions, followed = set[str](), set[str]()
    for path in (Path(spec.origin).parent / _MIGRATIONS).glob("*.py"):
        for key, value in _REVISION.findall(path.read_text(encoding="utf-8")):
            (revisions if key == "revision" else followed).update(_NAME.findall(value))
    last = revisions - followed
    return revisions, last.pop() if len(last) == 1 else None


def revision_of(database: Path) -> str | None:
    """The revision that a database is at; None for one that has none (yet)."""
    if not database.exists():
        return None
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as connection:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error:
        return None  # Prefect will say what is wrong with it
    return str(row[0]) if row else None


def schema_text(database: Path) -> str:
    """Everything that makes a database like this one: tables, indexes, triggers and the rows of a new one."""
    with closing(sqlite3.connect(database)) as connection:
        return "\n".join(_statements(connection)) + "\n"


def _statements(connection: sqlite3.Connection) -> Iterator[str]:
    made = connection.execute(
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' "
        "ORDER BY type = 'table' DESC, rowid"
    )
    yield from (re.sub(r"\s+\n\s*", "\n  ", sql).strip() + ";" for (sql,) in made)
    # A new database holds its revision and nothing else; what a migration had to move is not there.
    yield from (line for line in connection.iterdump() if line.startswith("INSERT") and "sqlite_" not in line)


def _other_home(version: str) -> str:
    return f"~/.prefect-{'.'.join(version.split('.')[:2])}"


def main() -> None:
    """Writes the schema of the installed Prefect, from its own migrations."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "prefect.db"
        migrate(database)
        revision = revision_of(database)
        SCHEMAS.mkdir(exist_ok=True)
        target = SCHEMAS / f"{revision}.sql"
        target.write_text(schema_text(database), encoding="utf-8")
    sys.stdout.write(f"{target.name}: {target.stat().st_size} bytes\n")


def migrate(database: Path) -> None:
    """Runs the installed Prefect's migrations on a database."""
    import asyncio

    from prefect.server.database import provide_database_interface
    from prefect.settings import PREFECT_SERVER_DATABASE_CONNECTION_URL, temporary_settings

    with temporary_settings({PREFECT_SERVER_DATABASE_CONNECTION_URL: f"{_PREFIX}{database}"}):
        asyncio.run(provide_database_interface().create_db())


if __name__ == "__main__":
    main()
