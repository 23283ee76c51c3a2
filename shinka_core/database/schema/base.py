"""What all tables have in common.

Every row of a run carries the run's name, so that one server can hold many evolutions. What is long stands in tables
of its own, named by what it is (a source by its digest) or by whose it is, so that going through the rows of a run
reads no text; and the totals have indexes of their own.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar, cast

from sqlalchemy import JSON, DateTime, Double, MetaData, Table
from sqlalchemy.orm import DeclarativeBase

from shinka_core.database.texts import StorableText

# The alembic revision that these tables are; a test holds it against the migrations.
REVISION = "0010"
# Not alembic's usual name: one database of Postgres may serve Prefect too, which keeps its version under that one.
VERSION_TABLE = "shinka_schema"
LEGACY_VERSION_TABLE = "alembic_version"

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def now() -> datetime:
    """The present moment, with its zone."""
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """Base of all rows."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar = {
        dict[str, Any]: JSON,
        list[Any]: JSON,
        datetime: DateTime(timezone=True),
        float: Double,  # of itself SQLAlchemy 2.0 would make it Float, and 2.1 Double
        str: StorableText,
    }


def table_of(model: type[Base]) -> Table:
    """The plain table of a model: statements for it skip the object-relational part."""
    return cast(Table, model.__table__)
