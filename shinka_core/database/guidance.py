"""What is written about the search itself, as rows: advice, ideas and system prompts.

Each is added once and never changed in its words. A sampling names the ones that it showed, so a prompt can be made
again; how often that was and what came of it is kept beside the words, for whoever chooses among them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.names import ordered_id
from shinka_core.database.schema import AdviceRow, GuidanceColumns, IdeaRow, ProgramRow, SystemPromptRow, table_of
from shinka_core.database.store import Store
from shinka_core.database.writer import Writer
from shinka_core.errors import DatabaseError


@dataclass(frozen=True, slots=True)
class Written:
    """One piece of guidance.

    Attributes:
        parent_id: The one that it was made of.
        created_after: How many programs were recorded by then.
        uses: How many samplings have shown it.
        score: What came of them, larger is better; None while nothing is known.
        details: What else belongs to it.
    """

    id: str
    text: str
    parent_id: str | None = None
    created_after: int = 0
    uses: int = 0
    score: float | None = None
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])


class Shelf:
    """All guidance of one kind in one evolution."""

    def __init__(self, kind: type[GuidanceColumns], store: Store, writer: Writer) -> None:
        self._table = table_of(kind)  # pyright: ignore[reportArgumentType] - each is a table as well
        self._store = store
        self._writer = writer
        self._evolution = ""

    def bind(self, evolution: str) -> None:
        """Says whose guidance it is."""
        self._evolution = evolution

    async def add(
        self, text: str, *, parent_id: str | None = None, details: Mapping[str, Any] | None = None
    ) -> Written:
        """Adds a piece; durable when this returns.

        Args:
            parent_id: The one that it was made of.

        Raises:
            DatabaseError: There is no such parent.
        """
        name = ordered_id()

        async def store(connection: AsyncConnection) -> Written:
            if parent_id is not None and await self._read(connection, parent_id) is None:
                raise DatabaseError(f"{self._table.name} of {self._evolution!r} have no {parent_id!r} to be the parent")
            after = await connection.scalar(
                select(func.coalesce(func.max(ProgramRow.sequence), 0)).where(ProgramRow.evolution == self._evolution)
            )
            written = Written(name, text, parent_id, after or 0, details=dict(details or {}))
            await connection.execute(
                insert(self._table).values(
                    id=name,
                    evolution=self._evolution,
                    text=text,
                    parent_id=parent_id,
                    created_after=written.created_after,
                    details=written.details,
                )
            )
            return written

        return await self._writer.write(store)

    async def get(self, name: str) -> Written:
        """A piece by its id.

        Raises:
            DatabaseError: There is none in this evolution.
        """
        found = await self._store.read(lambda connection: self._read(connection, name))
        if found is None:
            raise DatabaseError(f"{self._table.name} of {self._evolution!r} have no {name!r}")
        return found

    async def all(self) -> list[Written]:
        """Every piece, in the order in which they were written."""

        async def read(connection: AsyncConnection) -> list[Written]:
            rows = await connection.execute(self._select().order_by(self._table.c.id))
            return [Written(*row) for row in rows]

        return await self._store.read(read)

    async def shown(self, name: str) -> None:
        """Counts one more sampling that showed it."""
        await self._change(name, uses=self._table.c.uses + 1)

    async def judged(self, name: str, score: float) -> None:
        """Says what came of it so far; the last word counts."""
        await self._change(name, score=score)

    async def _change(self, name: str, **values: Any) -> None:
        table = self._table

        async def store(connection: AsyncConnection) -> None:
            changed = await connection.execute(
                update(table).where(table.c.evolution == self._evolution, table.c.id == name).values(**values)
            )
            if changed.rowcount != 1:
                raise DatabaseError(f"{table.name} of {self._evolution!r} have no {name!r}")

        await self._writer.write(store)

    async def _read(self, connection: AsyncConnection, name: str) -> Written | None:
        row = (await connection.execute(self._select().where(self._table.c.id == name))).first()
        return None if row is None else Written(*row)

    def _select(self) -> Any:
        columns = self._table.c
        return select(
            columns.id,
            columns.text,
            columns.parent_id,
            columns.created_after,
            columns.uses,
            columns.score,
            columns.details,
        ).where(columns.evolution == self._evolution)


class Guidance:
    """Advice, ideas and system prompts of one evolution."""

    def __init__(self, store: Store, writer: Writer) -> None:
        self.advice = Shelf(AdviceRow, store, writer)
        self.ideas = Shelf(IdeaRow, store, writer)
        self.system_prompts = Shelf(SystemPromptRow, store, writer)

    def bind(self, evolution: str) -> None:
        """Says whose it is."""
        for shelf in (self.advice, self.ideas, self.system_prompts):
            shelf.bind(evolution)
