"""The program database of one evolution."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from cachetools import LRUCache
from numpy.typing import NDArray
from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shinka_core.config import DatabaseConfig
from shinka_core.database.calls import Calls
from shinka_core.database.choose import choose
from shinka_core.database.engine import create_engine, own_words, prepare_schema
from shinka_core.database.journal import STATE, Journal
from shinka_core.database.ownership import alive, this_process
from shinka_core.database.population import Population
from shinka_core.database.rows import PROGRAM_COLUMNS, program_of, program_values, vector_of
from shinka_core.database.schema import (
    ArchiveRow,
    EvolutionRow,
    InspirationRow,
    IslandMemberRow,
    ProgramRow,
    now,
    table_of,
)
from shinka_core.database.seed import forget_failed_seed
from shinka_core.database.summary import RunSummary, summarise
from shinka_core.database.writer import Rows, Writer
from shinka_core.errors import DatabaseError, EvolutionExistsError
from shinka_core.program import GenerationContext, GenerationState, PatchType, Program, Sampling
from shinka_core.selection.islands import draw_migrants

Vector = NDArray[np.float32]

_BEFORE = table_of(ProgramRow).alias("before")
# Its place in the order of insertion is the database's to give; `of` is the evolution once more.
_PROGRAM = insert(table_of(ProgramRow)).values(
    sequence=select(func.coalesce(func.max(_BEFORE.c.sequence), 0) + 1)
    .where(_BEFORE.c.evolution == bindparam("of"))
    .scalar_subquery()
)
_INSPIRATION = insert(table_of(InspirationRow))
_MEMBER = insert(table_of(IslandMemberRow))

# Numbers in the embeddings of an island up to which they are compared on the event loop: about 5 ms.
SMALL_ISLAND = 5_000_000

# Characters of programs that are kept in memory once they were read.
REMEMBERED = 8_000_000


def characters(program: Program) -> int:
    """About how much memory a program takes."""
    return len(program.code) + len(program.diff) + len(program.text_feedback) + len(program.error) + 1_000


@dataclass(frozen=True, slots=True)
class Evolution:
    """What the database knows of a run as a whole."""

    name: str
    seed: int
    settings: dict[str, Any]


class AsyncProgramDatabase:
    """Programs, islands, archive, journal and model calls of one evolution.

    Open it with `async with`, then bind it to an evolution with `begin` or `resume`. Safe for any
    number of tasks on one event loop.

    Attributes:
        journal: How far each generation has come.
        calls: The ledger of model calls.
    """

    def __init__(self, config: DatabaseConfig, results_dir: Path | str = ".") -> None:
        """Prepares to open the database; nothing is touched yet.

        Args:
            results_dir: Base of a relative SQLite path.
        """
        self._config = config
        self._url = config.url(Path(results_dir))
        self._engine: AsyncEngine = create_engine(self._url)
        self._writer = Writer(self._engine)
        self._population = Population(config.num_islands, config.archive_size)
        # Stored programs never change, and selection asks for the good ones again and again.
        self._read = LRUCache[str, Program](maxsize=REMEMBERED, getsizeof=characters)
        self._evolution = ""
        self.journal = Journal(self._engine, self._writer, self._population)
        self.calls = Calls(self._engine, self._writer)

    async def __aenter__(self) -> Self:
        try:
            await prepare_schema(self._engine)
        except BaseException:
            await self._engine.dispose()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._writer.close()
        await self._engine.dispose()

    # Evolutions

    async def exists(self, name: str) -> bool:
        """Whether the database has an evolution of that name."""
        with own_words(self._url):
            async with self._engine.connect() as connection:
                return await connection.scalar(select(EvolutionRow.name).where(EvolutionRow.name == name)) is not None

    async def begin(self, name: str, *, seed: int, settings: dict[str, Any]) -> Evolution:
        """Starts a new evolution and binds this object to it.

        Raises:
            EvolutionExistsError: The name is taken.
        """

        async def create(connection: AsyncConnection) -> None:
            if await connection.scalar(select(EvolutionRow.name).where(EvolutionRow.name == name)) is not None:
                raise EvolutionExistsError(
                    f"evolution {name!r} is already in the database; continue it with resume (--resume), "
                    "or choose another name or results folder"
                )
            await connection.execute(
                insert(EvolutionRow).values(
                    name=name, seed=seed, settings=settings, state="running", owner=this_process()
                )
            )

        await self._writer.write(create)
        self._bind(name)
        return Evolution(name, seed, settings)

    async def resume(self, name: str) -> Evolution:
        """Takes up an evolution where it stands and binds this object to it.

        A seed program that gave no result is evaluated again.

        Raises:
            DatabaseError: There is none of that name.
            EvolutionExistsError: Another process has it open.
        """

        async def take(connection: AsyncConnection) -> Evolution:
            row = (await connection.execute(select(EvolutionRow.__table__).where(EvolutionRow.name == name))).first()
            if row is None:
                raise DatabaseError(f"there is no evolution {name!r} to resume; start it without resume first")
            owner = alive(row.owner)
            if owner is not None:
                raise EvolutionExistsError(
                    f"evolution {name!r} is being run by {owner}; stop that, or wait for its end"
                )
            await connection.execute(
                update(EvolutionRow)
                .where(EvolutionRow.name == name)
                .values(state="running", owner=this_process(), updated_at=now())
            )
            await forget_failed_seed(connection, name)
            return Evolution(row.name, row.seed, row.settings)

        evolution = await self._writer.write(take)
        self._bind(name)
        with own_words(self._url):
            await self._load_population()
            await self.calls.load()
        return evolution

    async def finish(self, state: str) -> None:
        """Gives the evolution back: `finished` when all generations are done, else `stopped`."""

        async def store(connection: AsyncConnection) -> None:
            await connection.execute(
                update(EvolutionRow)
                .where(EvolutionRow.name == self._evolution)
                .values(state=state, owner="", updated_at=now())
            )

        await self._writer.write(store)

    # Sampling

    async def sample(
        self,
        context: GenerationContext,
        attempt: int,
        *,
        patch_types: list[PatchType],
        patch_type_probs: list[float],
        pick_model: Callable[[np.random.Generator], str],
    ) -> Sampling:
        """Chooses what a proposal starts from; only the chosen programs are read.

        Args:
            attempt: How often this generation has sampled before.
            pick_model: Draws a model's name.

        Raises:
            DatabaseError: The population is empty, or the database cannot be read.
        """
        rng = np.random.default_rng([context.seed, context.number, attempt])
        choice = choose(rng, self._population, self._config, patch_types, patch_type_probs)
        self._population.expect_child(context.number, choice.parent, choice.island)
        ids = self._population.ids
        parent, *inspirations = await self.get_many(
            (ids[choice.parent], *(ids[position] for position in choice.inspirations))
        )
        return Sampling(
            parent=parent,
            inspirations=tuple(inspirations),
            island=choice.island,
            patch_type=choice.patch_type,
            model=pick_model(rng),
            attempt=attempt,
            seed=int(rng.integers(2**31)),
        )

    async def nearest(self, island: int, embedding: Vector, count: int = 1) -> list[tuple[str, float]]:
        """Ids and cosines of the island's most similar programs, the most similar first.

        Args:
            embedding: `(d,)` float32 of unit length.
        """
        home = self._population.islands[island]
        if home.size <= SMALL_ISLAND:
            found = home.nearest(embedding, count)
        else:
            found = await asyncio.to_thread(home.nearest, embedding, count)
        return [(self._population.ids[position], cosine) for position, cosine in found]

    # Programs

    async def add(self, program: Program, embedding: Vector | None) -> bool:
        """Stores a program, updates islands and archive, and closes its generation.

        Args:
            embedding: `(d,)` float32 of unit length, or None.

        Returns:
            False when the generation already has its program; nothing is changed then.

        Raises:
            DatabaseError: Nothing was stored.
        """
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
        await self._update_archive(position)
        self.calls.forget(program.generation)
        if program.generation and program.generation % self._config.migration_interval == 0:
            await self._migrate(program.generation)
        return True

    async def get(self, program_id: str) -> Program:
        """A program by its id.

        Raises:
            DatabaseError: There is none.
        """
        return (await self.get_many((program_id,)))[0]

    async def get_many(self, ids: tuple[str, ...]) -> tuple[Program, ...]:
        """Programs by their ids, in that order, in one query.

        Raises:
            DatabaseError: One of them is not there.
        """
        programs = {program_id: self._read[program_id] for program_id in ids if program_id in self._read}
        unread = {program_id for program_id in ids if program_id not in programs}
        if unread:
            with own_words(self._url):
                async with self._engine.connect() as connection:
                    rows = await connection.execute(select(*PROGRAM_COLUMNS).where(ProgramRow.id.in_(unread)))
                    programs |= {row.id: program_of(row) for row in rows}
        missing = [program_id for program_id in ids if program_id not in programs]
        if missing:
            raise DatabaseError(f"the database has no program {', '.join(missing)}")
        for program_id in unread:
            if characters(programs[program_id]) <= self._read.maxsize:
                self._read[program_id] = programs[program_id]
        return tuple(programs[program_id] for program_id in ids)

    async def by_generation(self, generation: int) -> Program | None:
        """The program that a generation made, with its inspirations."""
        with own_words(self._url):
            async with self._engine.connect() as connection:
                row = (
                    await connection.execute(
                        select(*PROGRAM_COLUMNS).where(
                            ProgramRow.evolution == self._evolution, ProgramRow.generation == generation
                        )
                    )
                ).first()
                if row is None:
                    return None
                shown = await connection.execute(
                    select(InspirationRow.inspiration_id)
                    .where(InspirationRow.program_id == row.id)
                    .order_by(InspirationRow.position)
                )
                return program_of(row, tuple(inspiration for (inspiration,) in shown))

    async def best(self) -> Program | None:
        """The best correct program, or None while there is none."""
        position = self._population.best()
        return None if position is None else await self.get(self._population.ids[position])

    def __len__(self) -> int:
        return len(self._population)

    async def summary(self) -> RunSummary:
        """What the evolution comes to so far."""
        with own_words(self._url):
            return await summarise(self._engine, self._evolution)

    # Inside

    def _bind(self, name: str) -> None:
        self._evolution = name
        self.journal.bind(name)
        self.calls.bind(name)

    def _member(self, program_id: str, island: int) -> Rows:
        return Rows(_MEMBER, {"evolution": self._evolution, "island": island, "program_id": program_id})

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

    async def _migrate(self, generation: int) -> None:
        """Copies a share of every island's correct programs to another island."""
        rate, count = self._config.migration_rate, self._config.num_islands
        if rate == 0 or count == 1:
            return
        population = self._population
        rng = np.random.default_rng([generation, count])
        for island in range(count):
            members = population.islands[island].members.rows
            correct = members[population.correct[members]]
            for index in draw_migrants(rng, population.scores[correct], rate, keep_best=self._config.island_elitism):
                target = (island + 1 + int(rng.integers(count - 1))) % count
                position = int(correct[index])
                if population.islands[target].holds(position):
                    continue
                program_id = population.ids[position]
                population.islands[target].add(position, await self._embedding(program_id))
                await asyncio.shield(self._writer.post(self._member(program_id, target)))

    async def _embedding(self, program_id: str) -> Vector | None:
        async with self._engine.connect() as connection:
            return vector_of(await connection.scalar(select(ProgramRow.embedding).where(ProgramRow.id == program_id)))

    async def _load_population(self) -> None:
        """Rebuilds the numbers in memory from the tables."""
        async with self._engine.connect() as connection:
            homes: dict[str, list[int]] = {}
            for program_id, island in await connection.execute(
                select(IslandMemberRow.program_id, IslandMemberRow.island).where(
                    IslandMemberRow.evolution == self._evolution, IslandMemberRow.island < self._config.num_islands
                )
            ):
                homes.setdefault(program_id, []).append(island)
            rows = await connection.stream(
                select(
                    ProgramRow.id,
                    ProgramRow.generation,
                    ProgramRow.score,
                    ProgramRow.correct,
                    ProgramRow.parent_id,
                    ProgramRow.embedding,
                )
                .where(ProgramRow.evolution == self._evolution)
                .order_by(ProgramRow.sequence)
            )
            async for row in rows:
                self._population.add(
                    row.id,
                    row.generation,
                    row.score,
                    row.correct,
                    row.parent_id,
                    homes.get(row.id, []),
                    vector_of(row.embedding),
                )
        # Ranked anew instead of read: the table may lack the last change of a killed process.
        for position in range(len(self._population)):
            self._population.apply(self._population.archive_change(position))
