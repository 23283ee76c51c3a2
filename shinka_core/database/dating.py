"""When programs were made, for those that were made before they came into this database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from sqlalchemy import bindparam, update

from shinka_core.config import DatabaseConfig
from shinka_core.database.address import address_of
from shinka_core.database.schema import GenerationRow, ProgramRow, table_of
from shinka_core.database.store import Store

Moments = Mapping[int, datetime]


async def set_moments(config: DatabaseConfig, results_dir: Path, name: str, moments: Moments) -> None:
    """Says when each generation of an evolution that nobody has open was made, by its number.

    Raises:
        DatabaseError: It cannot be stored.
    """
    programs, generations = table_of(ProgramRow), table_of(GenerationRow)
    at = bindparam("moment", type_=programs.c.created_at.type)
    made = update(programs).where(programs.c.evolution == name, programs.c.generation == bindparam("number_of"))
    ended = update(generations).where(generations.c.evolution == name, generations.c.number == bindparam("number_of"))
    rows = [{"number_of": number, "moment": moment} for number, moment in moments.items()]
    store = Store(address_of(config.db_path, results_dir))
    try:
        async with store.begin() as connection:
            await connection.execute(made.values(created_at=at), rows)
            await connection.execute(ended.values(started_at=at, updated_at=at), rows)
    finally:
        await store.close()
