"""The migrations and the tables that a new database gets are the same schema."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from shinka_core.database.migrate import alembic_config
from shinka_core.database.schema import REVISION, VERSION_TABLE, Base
from tests.shinka_core.database.old_schema import first_schema_file


def test_the_migrations_lead_to_exactly_the_tables_of_the_code() -> None:
    with sa.create_engine("sqlite://").begin() as connection:
        command.upgrade(alembic_config(connection), "head")
        assert (
            compare_metadata(
                MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}), Base.metadata
            )
            == []
        )


def test_the_newest_migration_is_the_one_new_databases_are_stamped_with() -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_current_head() == REVISION


def test_every_migration_can_be_taken_back(tmp_path: Path) -> None:
    first_schema_file(tmp_path / "e.sqlite", {"one": 3})
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'e.sqlite'}")
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), "head")
        command.downgrade(alembic_config(connection), "0001")
        command.upgrade(alembic_config(connection), "head")
        rows = connection.execute(sa.text("SELECT generation, sequence FROM programs ORDER BY sequence"))
        assert rows.all() == [(0, 1), (1, 2), (2, 3)]
