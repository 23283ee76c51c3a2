"""Programs read from their rows, the good ones from memory: selection asks for them again and again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.rows import read_programs
from shinka_core.database.schema import EmbeddingRow, InspirationRow, ProgramRow
from shinka_core.database.sources import unpacked
from shinka_core.database.store import Store
from shinka_core.errors import DatabaseError
from shinka_core.program import Program

# Characters of programs that are kept in memory once they were read; stored programs never change.
REMEMBERED = 8_000_000


def characters(program: Program) -> int:
    """About how much memory a program takes."""
    return (
        program.source.length
        + program.source.data_size * 4 // 3
        + len(program.diff)
        + len(program.text_feedback)
        + len(program.error)
        + sum(map(len, program.feedback.instances.values()))
        + sum(map(len, program.feedback.artifacts.values()))
        + 1_000
    )


class ProgramReader:
    """Reads programs of a database."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known = LRUCache[str, Program](maxsize=REMEMBERED, getsizeof=characters)

    async def get_many(self, ids: tuple[str, ...]) -> tuple[Program, ...]:
        """Programs by their ids, in that order, in one query.

        Raises:
            DatabaseError: One of them is not there.
        """
        programs = {program_id: self._known[program_id] for program_id in ids if program_id in self._known}
        unread = {program_id for program_id in ids if program_id not in programs}
        if unread:

            async def read(connection: AsyncConnection) -> dict[str, Program]:
                return {program.id: program for program in await read_programs(connection, ProgramRow.id.in_(unread))}

            programs |= await self._store.read(read)
        missing = [program_id for program_id in ids if program_id not in programs]
        if missing:
            raise DatabaseError(f"the database has no program {', '.join(missing)}")
        for program_id in unread:
            if characters(programs[program_id]) <= self._known.maxsize:
                self._known[program_id] = programs[program_id]
        return tuple(programs[program_id] for program_id in ids)

    async def by_generation(self, evolution: str, generation: int) -> Program | None:
        """The program that a generation made, with its inspirations."""

        async def read(connection: AsyncConnection) -> Program | None:
            mine = (ProgramRow.evolution == evolution, ProgramRow.generation == generation)
            program = next(iter(await read_programs(connection, *mine)), None)
            if program is None:
                return None
            shown = await connection.execute(
                select(InspirationRow.inspiration_id)
                .where(InspirationRow.program_id == program.id)
                .order_by(InspirationRow.position)
            )
            return replace(program, inspiration_ids=tuple(inspiration for (inspiration,) in shown))

        return await self._store.read(read)

    async def embedding(self, program_id: str) -> NDArray[np.float32] | None:
        """The embedding of a program, `(d,)`, or None."""
        query = (
            select(EmbeddingRow.vector)
            .join(ProgramRow, ProgramRow.embedding == EmbeddingRow.digest)
            .where(ProgramRow.id == program_id)
        )

        async def read(connection: AsyncConnection) -> NDArray[np.float32] | None:
            return unpacked(await connection.scalar(query))

        return await self._store.read(read)
