"""The population's numbers, rebuilt from the tables when an evolution is taken up."""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.population import Population
from shinka_core.database.rows import vector_of
from shinka_core.database.schema import IslandMemberRow, ProgramRow
from shinka_core.database.store import Store

# Rows that are taken up in one go: some ten milliseconds.
AT_ONCE = 500


async def load_population(store: Store, evolution: str, population: Population) -> None:
    """Fills an empty population with the programs of an evolution, in the order of their insertion.

    Raises:
        DatabaseError: They cannot be read.
    """
    rows = await store.read(lambda connection: _read(connection, evolution, len(population.islands)))
    for count, (row, homes) in enumerate(rows):
        if count % AT_ONCE == 0:
            await asyncio.sleep(0)  # others have their turn
        population.add(row.id, row.generation, row.score, row.correct, row.parent_id, homes, vector_of(row.embedding))
    # Ranked anew instead of read: the table may lack the last change of a killed process.
    population.rank()


async def _read(connection: AsyncConnection, evolution: str, islands: int) -> list[tuple[Any, list[int]]]:
    homes: dict[str, list[int]] = {}
    found: list[tuple[Any, list[int]]] = []
    members = select(IslandMemberRow.program_id, IslandMemberRow.island).where(
        IslandMemberRow.evolution == evolution, IslandMemberRow.island < islands
    )
    async for part in (await connection.stream(members)).partitions(AT_ONCE):
        for program_id, island in part:
            homes.setdefault(program_id, []).append(island)
    programs = (
        select(
            ProgramRow.id,
            ProgramRow.generation,
            ProgramRow.score,
            ProgramRow.correct,
            ProgramRow.parent_id,
            ProgramRow.embedding,
        )
        .where(ProgramRow.evolution == evolution)
        .order_by(ProgramRow.sequence)
    )
    async for part in (await connection.stream(programs)).partitions(AT_ONCE):
        found += [(row, homes.get(row.id, [])) for row in part]
    return found
