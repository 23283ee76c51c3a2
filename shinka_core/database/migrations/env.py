"""How alembic reaches the database: over the connection it is handed."""

from __future__ import annotations

from alembic import context

from shinka_core.database.schema import VERSION_TABLE, Base

connection = context.config.attributes.get("connection")
if connection is None:
    raise RuntimeError("migrations run when the program database is opened, not from alembic's command line")
context.configure(
    connection=connection, target_metadata=Base.metadata, render_as_batch=True, version_table=VERSION_TABLE
)
context.run_migrations()
