"""Bringing an older database up to date, with alembic."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from shinka_core.database.schema import REVISION
from shinka_core.errors import SchemaVersionError

MIGRATIONS = Path(__file__).parent / "migrations"


def alembic_config(connection: Connection | None = None) -> Config:
    """The configuration that alembic's commands want, bound to an open connection."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def upgrade(connection: Connection, found: str) -> None:
    """Applies every migration after `found`.

    Raises:
        SchemaVersionError: This version has never heard of `found`.
    """
    known = {script.revision for script in ScriptDirectory.from_config(alembic_config()).walk_revisions()}
    if found not in known:
        raise SchemaVersionError(
            f"the database has schema {found!r}, this version works with {REVISION!r}; "
            "use the newer version that wrote it, or choose another db_path"
        )
    command.upgrade(alembic_config(connection), "head")
