"""Reading a record beside the run that writes it, or after it: nothing is owned, migrated or changed.

Rows come a page at a time, each page in a transaction of its own, so that a reader holds nobody up however long it
takes, and what is written meanwhile is read as well.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.config import DatabaseConfig
from shinka_core.database.address import address_of
from shinka_core.database.chronicle import Chronicle
from shinka_core.database.course import Course
from shinka_core.database.islands import IslandRecord, read_islands
from shinka_core.database.loading import read_events
from shinka_core.database.no_program import why_there_is_none
from shinka_core.database.overview import Overview, read_overview
from shinka_core.database.pages import pages, rows_of
from shinka_core.database.read_only import check_revision, read_only_engine
from shinka_core.database.records import (
    CallRecord,
    Descent,
    GenerationRecord,
    Position,
    ProgramRecord,
    StepRecord,
)
from shinka_core.database.schema import (
    CallTextRow,
    EmbeddingRow,
    EvolutionRow,
    GenerationRow,
    InspirationRow,
    ModelCallRow,
    ProgramRow,
    ProgramTextRow,
    SessionRow,
)
from shinka_core.database.sessions import kept_settings
from shinka_core.database.sources import in_language, read_sources, unpacked
from shinka_core.database.steps import payloads, read_steps
from shinka_core.database.store import Store
from shinka_core.database.summary import RunSummary, summarise
from shinka_core.database.values import load_blame
from shinka_core.errors import DatabaseError
from shinka_core.naming import read_mark
from shinka_core.program import Failure, GenerationState, Usage
from shinka_core.record import Event
from shinka_core.source import Source

# Rows that are read at once.
PAGE = 500
TEXTS = ("description", "diff", "text_feedback", "error", "public_metrics", "private_metrics", "feedback")

_PROGRAM = (
    ProgramRow.sequence, ProgramRow.id, ProgramRow.generation, ProgramRow.island, ProgramRow.language,
    ProgramRow.score, ProgramRow.correct, ProgramRow.parent_id, ProgramRow.name, ProgramRow.patch_type,
    ProgramRow.model, ProgramRow.cost, ProgramRow.evaluation_seconds, ProgramRow.created_at, ProgramRow.source,
    ProgramRow.advice_id, ProgramRow.idea_id, ProgramRow.system_prompt_id, ProgramRow.instance_scores,
    ProgramRow.features, ProgramRow.sampled_after,
)  # fmt: skip
_CALL = (
    ModelCallRow.id, ModelCallRow.generation, ModelCallRow.purpose, ModelCallRow.attempt, ModelCallRow.turn,
    ModelCallRow.model, ModelCallRow.status, ModelCallRow.reason, ModelCallRow.input_tokens,
    ModelCallRow.output_tokens, ModelCallRow.cached_tokens, ModelCallRow.reasoning_tokens, ModelCallRow.cost,
    ModelCallRow.estimated, ModelCallRow.seconds, ModelCallRow.created_at,
)  # fmt: skip


class EvolutionReader:
    """Reads one evolution; made by `open`.

    Attributes:
        name: Of the evolution.
    """

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self.name = name

    @classmethod
    @asynccontextmanager
    async def open(cls, where: str | Path, name: str | None = None) -> AsyncGenerator[EvolutionReader, None]:
        """Opens an evolution for the length of the block.

        Args:
            where: The URL of a database, a SQLite file, or the results folder of a run.
            name: Of the evolution; None for the one of the folder, or the only one in the database.

        Raises:
            SchemaVersionError: The database is of another version.
            DatabaseError: There is no such database or evolution, or it cannot be read.
        """
        address, marked = _place(str(where))
        store = Store(address_of(*address), read_only_engine)
        try:
            yield cls(store, await store.read(lambda connection: _find(connection, store.name, name or marked)))
        finally:
            await store.close()

    async def programs(
        self, after: int = 0, columns: Collection[str] = (), *, generation: int | None = None
    ) -> AsyncIterator[ProgramRecord]:
        """Programs in the order in which they were recorded.

        Args:
            after: Only those with a larger `sequence`.
            columns: Texts to be read with them, of `TEXTS`.
            generation: Only the one that this generation made.

        Raises:
            ValueError: A column is none of them.
        """
        if unknown := sorted(set(columns) - set(TEXTS)):
            raise ValueError(f"columns={unknown} are no texts of programs; there are {', '.join(TEXTS)}")
        query = self._programs(columns)
        if generation is not None:
            query = query.where(ProgramRow.generation == generation)
        async for row in self._rows(query, ProgramRow.sequence, after):
            yield _program_record(row, columns)

    async def program(self, which: int | str, columns: Collection[str] = TEXTS) -> ProgramRecord:
        """One program, with its texts.

        Args:
            which: The generation that made it, or its id, of which the beginning will do if no other begins alike.

        Raises:
            DatabaseError: There is none, or several; says what became of the generation.
        """
        by_id = isinstance(which, str)
        asked = ProgramRow.id.startswith(which, autoescape=True) if by_id else ProgramRow.generation == which
        found = await self._few(self._programs(columns).where(asked).order_by(ProgramRow.sequence), 2)
        if by_id and (not which or len(found) > 1):
            raise DatabaseError(f"several programs of evolution {self.name!r} have ids that begin with {which!r}")
        if found:
            return _program_record(found[0], columns)
        raise DatabaseError(await self._store.read(lambda connection: why_there_is_none(connection, self.name, which)))

    async def best(self, columns: Collection[str] = TEXTS) -> ProgramRecord | None:
        """The correct program with the highest score, the first of equals, with its texts; None where none is correct."""
        correct = self._programs(columns).where(ProgramRow.correct, ProgramRow.score.is_not(None))
        counting = correct.where(ProgramRow.generation >= 0)  # a seed program that was replaced is none of them
        found = await self._few(counting.order_by(ProgramRow.score.desc(), ProgramRow.sequence), 1)
        return _program_record(found[0], columns) if found else None

    async def summary(self) -> RunSummary:
        """What it has come to so far, as far as the database knows."""
        return await self._store.read(lambda connection: summarise(connection, self.name))

    async def sessions(self) -> list[tuple[float, float | None]]:
        """When each process that had it open began and ended, in seconds since 1970; None: not yet, or not known."""
        query = select(SessionRow.began_at, SessionRow.ended_at).where(SessionRow.evolution == self.name)
        rows = await self._few(query.order_by(SessionRow.number), None)
        return [(began, ended) for began, ended in rows]

    async def settings(self) -> dict[str, Any]:
        """The settings as they were kept when the evolution was last opened, with digests of its evaluator."""

        async def read(connection: AsyncConnection) -> dict[str, Any]:
            return await kept_settings(connection, self.name) or {}

        return await self._store.read(read)

    async def overview(self) -> Overview:
        """The best programs, costs and failures, counted by the database."""
        return await self._store.read(lambda connection: read_overview(connection, self.name))

    async def source(self, program_id: str) -> Source:
        """The files of a program.

        Raises:
            DatabaseError: There is no such program in this evolution.
        """
        query = select(ProgramRow.source, ProgramRow.language).where(
            ProgramRow.evolution == self.name, ProgramRow.id == program_id
        )

        async def read(connection: AsyncConnection) -> Source | None:
            row = (await connection.execute(query)).first()
            if row is None:
                return None
            return in_language((await read_sources(connection, [row.source]))[row.source], row.language)

        found = await self._store.read(read)
        if found is None:
            raise DatabaseError(f"evolution {self.name!r} has no program {program_id!r}")
        return found

    async def sources(self, programs: Collection[ProgramRecord]) -> dict[str, Source]:
        """The files of several programs of this evolution, by their ids."""

        async def read(connection: AsyncConnection) -> dict[str, Source]:
            found = await read_sources(connection, {program.source for program in programs})
            return {program.id: in_language(found[program.source], program.language) for program in programs}

        return await self._store.read(read)

    async def embeddings(self, programs: Collection[ProgramRecord]) -> dict[str, NDArray[np.float32]]:
        """The embeddings of several programs, `(d,)` each, by their ids; those that have none are left out."""
        query = (
            select(ProgramRow.id, EmbeddingRow.vector)
            .join(EmbeddingRow, EmbeddingRow.digest == ProgramRow.embedding)
            .where(ProgramRow.id.in_([program.id for program in programs]))
        )

        async def read(connection: AsyncConnection) -> dict[str, NDArray[np.float32]]:
            found = {key: unpacked(vector) for key, vector in await connection.execute(query)}
            return {key: vector for key, vector in found.items() if vector is not None}

        return await self._store.read(read)

    async def lineage(self, after: int = 0) -> AsyncIterator[Descent]:
        """Who comes from whom, in the order in which programs were recorded."""
        query = select(
            ProgramRow.sequence,
            ProgramRow.id,
            ProgramRow.generation,
            ProgramRow.score,
            ProgramRow.correct,
            ProgramRow.parent_id,
        ).where(ProgramRow.evolution == self.name)
        async for rows in pages(self._store, query, ProgramRow.sequence, after, PAGE):
            shown = await self._store.read(lambda connection, rows=rows: _inspirations(connection, rows))
            for row in rows:
                yield Descent(*row, inspirations=shown.get(row.id, ()))

    async def calls(
        self, after: int = 0, *, texts: bool = False, generation: int | None = None
    ) -> AsyncIterator[CallRecord]:
        """Calls of models in the order in which they were stored.

        Args:
            after: Only those with a larger `id`.
            texts: Whether questions and answers are read too.
            generation: Only those of this one.
        """
        said = (CallTextRow.messages, CallTextRow.answer, CallTextRow.error, CallTextRow.options) if texts else ()
        query = select(*_CALL, *said).where(ModelCallRow.evolution == self.name)
        if texts:
            query = query.join(CallTextRow, CallTextRow.id == ModelCallRow.texts)
        if generation is not None:
            query = query.where(ModelCallRow.generation == generation)
        async for row in self._rows(query, ModelCallRow.id, after):
            values = dict(row._mapping)
            usage = Usage(**{name: values.pop(name) for name in Usage().kept()})
            if texts:
                values["options"] = values["options"] or {}
                values["images"] = tuple(image for one in values["messages"] for image in one.get("images", ()))
                values["messages"] = tuple((message["role"], message["content"]) for message in values["messages"])
            yield CallRecord(**values, usage=usage)

    async def generations(self) -> AsyncIterator[GenerationRecord]:
        """All generations by their number."""
        query = select(
            GenerationRow.number,
            GenerationRow.state,
            GenerationRow.sequence,
            GenerationRow.failure_step,
            GenerationRow.failure_reason,
            GenerationRow.failure_detail,
            GenerationRow.blame,
            GenerationRow.started_at,
            GenerationRow.updated_at,
        ).where(GenerationRow.evolution == self.name)
        async for number, state, sequence, step, reason, detail, blame, started, updated in self._rows(
            query, GenerationRow.number, -1
        ):
            failure = Failure(step, reason, detail) if state == GenerationState.FAILED else None
            yield GenerationRecord(
                number, GenerationState(state), sequence, failure, load_blame(blame), started, updated
            )

    async def steps(self, number: int) -> list[StepRecord]:
        """Every outcome of a generation's steps, in the order in which they were stored."""

        async def read(connection: AsyncConnection) -> list[StepRecord]:
            rows = await read_steps(connection, self.name, number)
            whole = await payloads(connection, rows)
            return [
                StepRecord(row.id, row.step, row.attempt, row.turn, payload, row.seconds, row.created_at)
                for row, payload in zip(rows, whole, strict=True)
            ]

        return await self._store.read(read)

    async def events(self, after: Position | None = None) -> AsyncIterator[Event]:
        """What happened, for folds to be told: calls first, then all else in the order of the record.

        Args:
            after: Up to where it was read before; moves on with what is read now. Reads the whole record each time.
        """
        seen = Position() if after is None else after
        initial = [island for island in await self.islands() if island.program_id is None]
        for event in seen.new(await read_events(self._store, self.name, len(initial))):
            yield event

    @property
    def course(self) -> Course:
        """Every step in its order, and what else a replay needs."""
        return Course(self._store, self.name)

    @property
    def chronicle(self) -> Chronicle:
        """When everything happened, and what was written about the search."""
        return Chronicle(self._store, self.name)

    async def islands(self) -> list[IslandRecord]:
        """The islands by number, the retired ones too."""
        return await self._store.read(lambda connection: read_islands(connection, self.name))

    def _programs(self, columns: Collection[str]) -> Select[Any]:
        texts = [getattr(ProgramTextRow, column) for column in columns]
        query = select(*_PROGRAM, *texts).where(ProgramRow.evolution == self.name)
        return query.join(ProgramTextRow, ProgramTextRow.program_id == ProgramRow.id) if texts else query

    async def _few(self, query: Select[Any], most: int | None) -> list[Any]:
        async def read(connection: AsyncConnection) -> list[Any]:
            return list(await connection.execute(query.limit(most)))

        return await self._store.read(read)

    def _rows(self, query: Select[Any], key: Any, after: int) -> AsyncIterator[Any]:
        """The rows of a query in the order of a key that it selects."""
        return rows_of(self._store, query, key, after, PAGE)


def _program_record(row: Any, columns: Collection[str]) -> ProgramRecord:
    values = dict(row._mapping)
    told = {column: values.pop(column) for column in columns}
    for numbers in ("instance_scores", "features"):
        values[numbers] = values[numbers] or {}
    return ProgramRecord(**values, texts=told)


async def _inspirations(connection: AsyncConnection, programs: list[Any]) -> dict[str, tuple[str, ...]]:
    shown: dict[str, tuple[str, ...]] = {}
    rows = await connection.execute(
        select(InspirationRow.program_id, InspirationRow.inspiration_id)
        .where(InspirationRow.program_id.in_([row.id for row in programs]))
        .order_by(InspirationRow.program_id, InspirationRow.position)
    )
    for program_id, inspiration in rows:
        shown[program_id] = (*shown.get(program_id, ()), inspiration)
    return shown


def _place(where: str) -> tuple[tuple[str | None, Path], str | None]:
    """Setting and base of the database, and the name that the folder has for its run."""
    if "://" in where or not Path(where).expanduser().is_dir():
        return (where, Path.cwd()), None
    folder = Path(where).expanduser().absolute()
    mark = read_mark(folder)
    return (mark.get("database") or DatabaseConfig().db_path, folder), mark.get("name")


async def _find(connection: AsyncConnection, database: str, name: str | None) -> str:
    await check_revision(connection, database)
    names = [found for (found,) in await connection.execute(select(EvolutionRow.name).order_by(EvolutionRow.name))]
    if name is None and len(names) == 1:
        return names[0]
    if name is not None and name in names:
        return name
    there = ", ".join(map(repr, names)) or "none"
    if name is None:
        raise DatabaseError(f"{database} holds the evolutions {there}; choose one by name")
    raise DatabaseError(f"{database} has no evolution {name!r}; it holds {there}")
