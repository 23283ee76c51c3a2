"""Databases as an earlier version left them."""

from __future__ import annotations

import datetime as dt
import sqlite3
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command

from shinka_core.database.migrate import alembic_config
from shinka_core.program import new_program_id

DAY = 86_400


def first_schema(connection: sa.Connection, evolutions: dict[str, int]) -> None:
    """The tables of the first version with programs in them, each the child of the one before it.

    The clock was set back by a day after the second program.
    """
    command.upgrade(alembic_config(connection), "0001")
    metadata = sa.MetaData()
    metadata.reflect(connection)
    for name in evolutions:
        insert(
            connection, metadata, "evolutions",
            name=name, seed=1, settings={}, state="stopped", owner="", created_at=at(0), updated_at=at(0),
        )  # fmt: skip
    parents: dict[str, str] = {}
    for number in range(max(evolutions.values())):
        for name in (name for name, count in evolutions.items() if number < count):
            insert(
                connection, metadata, "programs",
                id=(program_id := new_program_id()), evolution=name, generation=number, island=0,
                code=f"x = {number}", language="python", score=1.0, correct=True, parent_id=parents.get(name),
                name="", description="", patch_type=None, diff="", model="m", cost=0.5, public_metrics={},
                private_metrics={}, text_feedback="", error="", evaluation_seconds=0.25, embedding=None,
                created_at=at(number if number < 2 else number - DAY),
            )  # fmt: skip
            insert(
                connection, metadata, "generations",
                evolution=name, number=number, state="recorded", failure_step="", failure_reason="",
                failure_detail="", started_at=at(number), updated_at=at(number),
            )  # fmt: skip
            insert(connection, metadata, "island_members", evolution=name, island=0, program_id=program_id)
            parents[name] = program_id


def first_schema_file(path: Path, evolutions: dict[str, int]) -> None:
    """The same as a SQLite file."""
    with sa.create_engine("sqlite://", creator=lambda: sqlite3.connect(path)).begin() as connection:
        first_schema(connection, evolutions)


def at(second: int) -> Any:
    return dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=second)


def insert(connection: sa.Connection, metadata: sa.MetaData, table: str, **values: Any) -> None:
    connection.execute(metadata.tables[table].insert(), values)
