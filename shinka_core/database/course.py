"""The course of a whole evolution as it is recorded: every step in its order, and what its sessions were told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.calls import read_answer
from shinka_core.database.pages import rows_of
from shinka_core.database.schema import CallTextRow, ModelCallRow, SessionRow, StepRow, table_of
from shinka_core.database.sources import read_embeddings, unpacked
from shinka_core.database.store import Store
from shinka_core.llm.question import CallKey
from shinka_core.program import Answer

PAGE = 2_000
SAID = (CallTextRow.messages, CallTextRow.answer, CallTextRow.error, CallTextRow.options)


@dataclass(frozen=True, slots=True)
class CourseStep:
    """A step as it is stored.

    Attributes:
        source: `Source.digest` of the candidate in it, or None.
        embedding: Name of the embedding in it, or None.
        payload: The rest of the outcome.
    """

    id: int
    generation: int
    step: str
    attempt: int
    turn: int
    source: str | None
    embedding: str | None
    payload: dict[str, Any]


class Course:
    """Reads what a replay needs of one evolution, as often as it needs it."""

    def __init__(self, store: Store, evolution: str) -> None:
        self._store = store
        self._evolution = evolution

    async def sessions(self) -> dict[int, dict[str, Any]]:
        """The settings that each session kept, by its number."""
        query = (
            select(SessionRow.number, SessionRow.settings)
            .where(SessionRow.evolution == self._evolution)
            .order_by(SessionRow.number)
        )

        async def read(connection: AsyncConnection) -> dict[int, dict[str, Any]]:
            return {row.number: row.settings for row in await connection.execute(query)}

        return await self._store.read(read)

    async def steps(self) -> AsyncIterator[CourseStep]:
        """Every step of every generation in the order in which they were stored."""
        query = select(
            StepRow.id, StepRow.generation, StepRow.step, StepRow.attempt, StepRow.turn, StepRow.source,
            StepRow.embedding, StepRow.payload,
        ).where(StepRow.evolution == self._evolution)  # fmt: skip
        async for row in rows_of(self._store, query, StepRow.id, 0, PAGE):
            yield CourseStep(*row)

    async def answer(self, key: CallKey) -> Answer | None:
        """What was answered to that question, if it ever was."""
        return await read_answer(self._store, self._evolution, key)

    async def calls(self, generation: int, *, texts: bool = False) -> list[dict[str, Any]]:
        """The rows of the calls of a generation, in their order.

        Args:
            texts: With what was said in them.
        """
        query = (
            select(*table_of(ModelCallRow).columns, *(SAID if texts else ()))
            .outerjoin(CallTextRow, CallTextRow.id == ModelCallRow.texts)
            .where(ModelCallRow.evolution == self._evolution, ModelCallRow.generation == generation)
            .order_by(ModelCallRow.id)
        )

        async def read(connection: AsyncConnection) -> list[dict[str, Any]]:
            return [dict(row) for row in (await connection.execute(query)).mappings()]

        return await self._store.read(read)

    async def vectors(self, names: Collection[str]) -> dict[str, NDArray[np.float32]]:
        """Embeddings by their names, `(d,)` each."""
        found = await self._store.read(lambda connection: read_embeddings(connection, names))
        return {name: vector for name, data in found.items() if (vector := unpacked(data)) is not None}
