"""What is written about the search itself, as rows: advice, ideas and system prompts.

Each is added once and never changed in its words. A sampling names the ones that it showed, so a prompt can be made
again; how often that was and what came of it is kept beside the words, for whoever chooses among them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.handed_out import HandedOut, read_handed_out
from shinka_core.database.names import ordered_id
from shinka_core.database.schema import AdviceRow, GuidanceColumns, IdeaRow, ProgramRow, SystemPromptRow, table_of
from shinka_core.database.store import Store
from shinka_core.database.tried import History, read_history
from shinka_core.database.writer import Rows, Writer
from shinka_core.errors import DatabaseError

# In the details of what was written in answer to a question: at how many recorded programs it became due.
ASKED_AT = "asked_at"


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
        place = (self._table.c.evolution == bindparam("of"), self._table.c.id == bindparam("named"))
        self._counts = update(self._table).where(*place).values(uses=bindparam("uses"), score=bindparam("score"))

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

    async def add_all(self, asked_at: int, pieces: Sequence[tuple[str, Mapping[str, Any]]]) -> list[Written]:
        """Adds the pieces of one question, all or none; those that are there already stay and are returned.

        Args:
            asked_at: Programs that were recorded when it became due: it names the question.
            pieces: Text and details of each.
        """
        new = [
            Written(ordered_id(), text, created_after=asked_at, details={**details, ASKED_AT: asked_at})
            for text, details in pieces
        ]
        rows = [
            {
                "id": written.id,
                "evolution": self._evolution,
                "text": written.text,
                "created_after": asked_at,
                "details": written.details,
            }
            for written in new
        ]

        async def store(connection: AsyncConnection) -> list[Written]:
            query = self._select().where(self._table.c.created_after == asked_at).order_by(self._table.c.id)
            there = [Written(*row) for row in await connection.execute(query)]
            there = [written for written in there if written.details.get(ASKED_AT) == asked_at]
            if not there and rows:
                await connection.execute(insert(self._table), rows)
            return there or new

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

    async def counted(self, name: str, uses: int, score: float | None) -> None:
        """Says how many samplings have shown it and what came of them, as the record tells; the last word counts."""
        await self._change(name, uses=uses, score=score)

    def count(self, name: str, uses: int, score: float | None) -> None:
        """The same without waiting; it is derived from the record, so whatever keeps it from being written costs nothing."""
        values = {"of": self._evolution, "named": name, "uses": uses, "score": score}
        self._writer.post(Rows(self._counts, values)).add_done_callback(_seen)

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


def _seen(written: asyncio.Future[None]) -> None:
    if not written.cancelled():
        written.exception()


class Guidance:
    """Advice, ideas and system prompts of one evolution, and what they are written from."""

    def __init__(self, store: Store, writer: Writer) -> None:
        self._store = store
        self._evolution = ""
        self.advice = Shelf(AdviceRow, store, writer)
        self.ideas = Shelf(IdeaRow, store, writer)
        self.system_prompts = Shelf(SystemPromptRow, store, writer)

    def bind(self, evolution: str) -> None:
        """Says whose it is."""
        self._evolution = evolution
        for shelf in (self.advice, self.ideas, self.system_prompts):
            shelf.bind(evolution)

    async def history(self, after: int, upto: int) -> History:
        """What was tried behind one place of the record, up to and with another.

        Args:
            after: Programs that were recorded by then; so is `upto`.
        """
        return await self._store.read(lambda connection: read_history(connection, self._evolution, after, upto))

    async def handed_out(self) -> list[HandedOut]:
        """The generations that have an idea, and what came of each."""
        return await self._store.read(lambda connection: read_handed_out(connection, self._evolution))
