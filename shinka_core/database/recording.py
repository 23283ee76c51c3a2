"""Programs written: their rows, and what follows for archive and islands."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import bindparam, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.config import DatabaseConfig
from shinka_core.database.calls import Calls
from shinka_core.database.journal import STATE
from shinka_core.database.migration import plan_migration
from shinka_core.database.population import Population
from shinka_core.database.reading import ProgramReader
from shinka_core.database.rows import program_values
from shinka_core.database.schema import ArchiveRow, InspirationRow, IslandMemberRow, ProgramRow, now, table_of
from shinka_core.database.writer import Rows, Writer
from shinka_core.program import GenerationState, Program

Vector = NDArray[np.float32]
logger = logging.getLogger("shinka.database")

_BEFORE = table_of(ProgramRow).alias("before")
# Its place in the order of insertion is the database's to give; `of` is the evolution once more.
_PROGRAM = insert(table_of(ProgramRow)).values(
    sequence=select(func.coalesce(func.max(_BEFORE.c.sequence), 0) + 1)
    .where(_BEFORE.c.evolution == bindparam("of"))
    .scalar_subquery()
)
_INSPIRATION = insert(table_of(InspirationRow))
_MEMBER = insert(table_of(IslandMemberRow))


class ProgramRecorder:
    """Stores the programs of one evolution."""

    def __init__(
        self, config: DatabaseConfig, writer: Writer, population: Population, reader: ProgramReader, calls: Calls
    ) -> None:
        self._config = config
        self._writer = writer
        self._population = population
        self._reader = reader
        self._calls = calls
        self._evolution = ""
        self._seed = 0

    def bind(self, evolution: str, seed: int) -> None:
        """Says whose programs these are, and the seed of the run's choices."""
        self._evolution, self._seed = evolution, seed

    async def add(self, program: Program, embedding: Vector | None) -> bool:
        """Stores a program, updates islands and archive, and closes its generation; False when it is there already."""
        if self._population.holds(program.generation):
            return False
        islands = list(range(self._config.num_islands)) if program.generation == 0 else [program.island]
        program = replace(program, score=program.score if program.score is None or np.isfinite(program.score) else None)

        rows = [Rows(_PROGRAM, program_values(program, self._evolution, embedding) | {"of": self._evolution})]
        rows += [
            Rows(_INSPIRATION, {"program_id": program.id, "position": position, "inspiration_id": inspiration})
            for position, inspiration in enumerate(program.inspiration_ids)
        ]
        rows += [self._member(program.id, island) for island in islands]
        recorded = {"of": self._evolution, "at": program.generation, "state": GenerationState.RECORDED.value}
        await asyncio.shield(self._writer.post(*rows, Rows(STATE, recorded | {"updated_at": now()})))
        position = self._population.add(
            program.id,
            program.generation,
            program.score,
            program.correct,
            program.parent_id,
            islands,
            embedding,
        )
        self._calls.forget(program.generation)
        await self._follow_up(position)
        return True

    async def _follow_up(self, position: int) -> None:
        """Archive and islands: the program is stored, so nothing that goes wrong from here on is its failure."""
        moves = plan_migration(self._config, self._population, self._seed)
        try:
            await self._update_archive(position)
            if moves:
                await self._migrate(moves)
        except Exception as error:  # noqa: BLE001 - see above
            logger.warning("archive or islands are not up to date until the next resume: %s", error)

    async def _update_archive(self, position: int) -> None:
        """Decides with what is in memory now, so that programs stored together cannot disagree."""
        change = self._population.archive_change(position)
        if change.added is None:
            return
        self._population.apply(change)
        ids = self._population.ids

        async def store(connection: AsyncConnection) -> None:
            if change.removed is not None:
                await connection.execute(
                    delete(ArchiveRow).where(
                        ArchiveRow.evolution == self._evolution, ArchiveRow.program_id == ids[change.removed]
                    )
                )
            await connection.execute(insert(ArchiveRow).values(evolution=self._evolution, program_id=ids[position]))

        await self._writer.write(store)

    async def _migrate(self, moves: list[tuple[int, int]]) -> None:
        """Copies programs to other islands, all or none."""
        ids = self._population.ids
        members = [self._member(ids[position], island) for position, island in moves]
        await asyncio.shield(self._writer.post(*members))
        for position, island in moves:
            self._population.islands[island].add(position, await self._reader.embedding(ids[position]))

    def _member(self, program_id: str, island: int) -> Rows:
        return Rows(_MEMBER, {"evolution": self._evolution, "island": island, "program_id": program_id})
