"""The program database of one evolution."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.config import DatabaseConfig
from shinka_core.database.address import address_of
from shinka_core.database.calls import Calls
from shinka_core.database.guidance import Guidance
from shinka_core.database.islands import IslandRecord, Origin, read_islands
from shinka_core.database.journal import Journal
from shinka_core.database.lease import BEAT, Lease, release, wait_until_free
from shinka_core.database.lifecycle import Evolution, create_evolution, take_up_evolution
from shinka_core.database.loading import read_events, tell
from shinka_core.database.ownership import give_back_mark, new_mark
from shinka_core.database.reading import ProgramReader
from shinka_core.database.recording import ProgramRecorder
from shinka_core.database.schema import EvolutionRow, now
from shinka_core.database.sessions import close_session, seconds_before
from shinka_core.database.store import Store
from shinka_core.database.summary import RunSummary, summarise
from shinka_core.database.taking_up import Embed, Embeddings, TakeUp, embed_anew, seed_embedding
from shinka_core.database.writer import Writer
from shinka_core.errors import DatabaseError, DatabaseUnavailableError
from shinka_core.population.archives.protocol import check_archive
from shinka_core.population.search import Choice
from shinka_core.population.settings import search_of
from shinka_core.population.state import Population
from shinka_core.program import GenerationContext, Program, Sampling
from shinka_core.record import Fold, Folds
from shinka_core.record import Pull as Pulled
from shinka_core.source import Source

Vector = NDArray[np.float32]

# Numbers in embeddings up to which they are compared on the event loop: about 5 ms.
SMALL = 5_000_000

# Decides what is asked of which model, once programs are chosen.
Pull = Callable[[np.random.Generator, Choice], tuple[str, str]]


class AsyncProgramDatabase:
    """Programs, islands, archive, journal and model calls of one evolution.

    Open it with `async with`, then bind it to an evolution with `begin` or `resume`. Safe for any
    number of tasks on one event loop.

    Attributes:
        journal: How far each generation has come.
        calls: The ledger of model calls.
        guidance: Advice, ideas and system prompts.
        folds: What is told of every event once it is durable; the population is the first of them.
    """

    def __init__(self, config: DatabaseConfig, results_dir: Path | str = ".") -> None:
        """Prepares to open the database; nothing is touched yet.

        Args:
            results_dir: Base of a relative SQLite path.

        Raises:
            ConfigError: `db_path` names no database that could be opened, or a strategy is not there.
            DatabaseError: A driver is missing.
        """
        self._config = config
        self._store = Store(address_of(config.db_path, Path(results_dir)))
        self._engine = self._store.engine
        self._writer = Writer(self._store)
        self._search = search_of(config)
        self._population = Population(config.num_islands, self._search.archive)
        self._reader = ProgramReader(self._store)
        self._evolution = ""
        self._mark = ""
        self._beats: asyncio.Task[None] | None = None
        self.folds = Folds()
        self.calls = Calls(self._store, self._writer, self.folds)
        for fold in (self._population, self.calls):
            self.folds.add(fold)
        self.journal = Journal(self._store, self._writer, self.folds)
        self.guidance = Guidance(self._store, self._writer)
        self._recorder = ProgramRecorder(config, self._search, self._writer, self._population, self.folds)

    async def __aenter__(self) -> Self:
        try:
            await self._store.open()
        except BaseException:
            await self._store.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._beats is not None:
            self._beats.cancel()
        await self._writer.close()
        await self._release()
        await self._store.close()

    # Evolutions

    async def exists(self, name: str) -> bool:
        """Whether the database has an evolution of that name."""

        async def read(connection: AsyncConnection) -> bool:
            return await connection.scalar(select(EvolutionRow.name).where(EvolutionRow.name == name)) is not None

        return await self._store.read(read)

    async def begin(self, name: str, *, seed: int, settings: dict[str, Any]) -> Evolution:
        """Starts a new evolution and binds this object to it.

        Args:
            settings: Kept with it.

        Raises:
            EvolutionExistsError: The name is taken.
        """
        mark = self._new_mark()

        async def create(connection: AsyncConnection) -> None:
            await create_evolution(
                connection, name, mark, seed=seed, settings=settings, islands=self._config.num_islands
            )

        await self._writer.write(create)
        evolution = Evolution(name, seed, settings)
        self._bind(evolution)
        return evolution

    async def resume(self, name: str, how: TakeUp | None = None, *folds: Fold) -> Evolution:
        """Takes up an evolution where it stands and binds this object to it.

        A seed program that gave no result is evaluated again, and islands that are new begin with it.

        Args:
            how: What is changed, in one transaction; None changes nothing.
            folds: Told of all that was recorded, as are those of this object.

        Raises:
            DatabaseError: There is none of that name.
            EvolutionExistsError: Another process has it open.
        """
        mark = self._new_mark()
        seen = await wait_until_free(self._store, name)

        async def take_up(connection: AsyncConnection) -> Evolution:
            return await take_up_evolution(connection, name, mark, seen, how=how, islands=self._config.num_islands)

        evolution = await self._writer.write(take_up)
        self._bind(evolution)
        events = await read_events(self._store, name, self._config.num_islands)
        await tell(events, self._population, *folds)
        self.check_archive()
        await self.calls.load()
        return evolution

    async def seed_embedding(self, name: str) -> tuple[Source, Vector] | None:
        """An evolution's seed program and its embedding, `(d,)`; None while it has none."""
        self.calls.bind(name)  # whoever compares it with another pays for that
        return await seed_embedding(self._store, name)

    async def embed_anew(self, name: str, embed: Embed) -> Embeddings:
        """Embeds what an evolution holds with another embedding, for `resume` to store.

        Args:
            embed: From a program to `(d,)` float32 of unit length, or None.
        """
        self.calls.bind(name)  # what they cost is counted, whatever comes of the resume
        return await embed_anew(self._store, name, embed)

    @property
    def embedding_width(self) -> int | None:
        """Numbers in each embedding; None while there is none."""
        return self._population.width

    async def seconds_before(self) -> float:
        """Seconds of the sessions before this one."""
        return await self._store.read(lambda connection: seconds_before(connection, self._evolution))

    @property
    def lost(self) -> DatabaseUnavailableError | None:
        """Why nothing of this evolution can be written any more, or None while it can."""
        return self._writer.lost

    def when_lost(self, tell: Callable[[DatabaseUnavailableError], None]) -> None:
        """Has `tell` called when it cannot: another has taken the evolution up, or the file is gone."""
        self._writer.when_lost(tell)

    async def finish(self, state: str) -> None:
        """Says how the run ended: `finished` when all generations are done, else `stopped`.

        What another has taken up is left to it.
        """

        async def store(connection: AsyncConnection) -> None:
            await connection.execute(
                update(EvolutionRow).where(EvolutionRow.name == self._evolution).values(state=state, updated_at=now())
            )
            await close_session(connection, self._evolution)

        if self.lost is None:
            await self._writer.write(store)

    # Sampling

    def check_archive(self) -> None:
        """Looks at whether the archive finds in the programs what it needs.

        Raises:
            ConfigError: It does not; says what is missing.
        """
        check_archive(self._search.archive, self._population.view())

    async def sample(self, context: GenerationContext, attempt: int, pull: Pull, *, progress: float = 0.0) -> Sampling:
        """Chooses what a proposal starts from; only the chosen programs are read.

        Args:
            attempt: How often this generation has sampled before.
            pull: Decides what is asked of which model.
            progress: Share of the run's generations that have begun.

        Raises:
            ConfigError: A strategy chose what there is not.
            DatabaseError: The population is empty, or the database cannot be read.
        """
        if not len(self._population):
            raise DatabaseError("nothing to sample from: the seed program is not recorded yet")
        rng = np.random.default_rng([context.seed, context.number, attempt])
        population = self._population
        self._recorder.progress = progress
        alone = [number for number, island in enumerate(population.islands) if island.origin == "bootstrap"]
        choice = self._search.choose(population.view(), population.stats(progress), rng, alone)
        self._population.expect_child(context.number, choice.parent, choice.island)
        patch_type, model = pull(rng, choice)
        ids = self._population.ids
        parent, *inspirations = await self.get_many(
            (ids[choice.parent], *(ids[position] for position in choice.inspirations))
        )
        return Sampling(
            parent=parent,
            inspirations=tuple(inspirations),
            island=choice.island,
            patch_type=patch_type,
            model=model,
            attempt=attempt,
            seed=int(rng.integers(2**31)),
        )

    async def nearest(self, island: int, embedding: Vector, count: int = 1) -> list[tuple[str, float]]:
        """Ids and cosines of the island's most similar programs, the most similar first.

        Args:
            embedding: `(d,)` float32 of unit length.
        """
        population = self._population
        if population.size_of_comparison() <= SMALL:
            found = population.nearest(island, embedding, count)
        else:
            found = await asyncio.to_thread(population.nearest, island, embedding, count)
        return [(self._population.ids[position], cosine) for position, cosine in found]

    # Programs

    async def add(self, program: Program, embedding: Vector | None, pulls: tuple[Pulled, ...] = ()) -> bool:
        """Stores a program, updates islands and archive, and closes its generation.

        Args:
            embedding: `(d,)` float32 of unit length, or None.
            pulls: Arms that its generation tried, the last of which made it.

        Returns:
            False when the generation already has its program; nothing is changed then.

        Raises:
            DatabaseError: Nothing was stored.
        """
        self.journal.language = program.language
        return await self._recorder.add(program, embedding, pulls)

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
        return await self._reader.get_many(ids)

    async def by_generation(self, generation: int) -> Program | None:
        """The program that a generation made, with its inspirations."""
        return await self._reader.by_generation(self._evolution, generation)

    async def scored(self, key: str, island: int | None = None) -> Program | None:
        """The first recorded program with that text, correct or not; None when there is none.

        Args:
            key: As `Source.key` names texts.
            island: On which it has to live; None: on any.
        """
        if not self._population.may_hold(key):  # as a rule, and then nothing is asked
            return None
        return await self._reader.scored(self._evolution, key, island)

    async def embedding(self, program_id: str) -> Vector | None:
        """The embedding of a program, `(d,)` float32, or None."""
        return await self._reader.embedding(program_id)

    async def best(self) -> Program | None:
        """The best correct program, or None while there is none."""
        position = self._population.best()
        return None if position is None else await self.get(self._population.ids[position])

    def __len__(self) -> int:
        return len(self._population)

    # Islands

    async def islands(self) -> list[IslandRecord]:
        """The islands of this evolution by number, the retired ones too."""
        return await self._store.read(lambda connection: read_islands(connection, self._evolution))

    async def spawn_island(
        self, origin: Origin, program_id: str, settings: Mapping[str, Any] | None = None
    ) -> IslandRecord:
        """Adds an island with a program that lives on it from now on, and tells the folds.

        Args:
            origin: Where the program comes from.
            settings: Of the island, over those of the run.

        Raises:
            DatabaseError: There is no such program.
        """
        return await self._recorder.spawn(origin, program_id, settings or {})

    async def retire_island(self, island: int) -> bool:
        """Takes note that nothing is proposed on an island any more, and tells the folds; False when that is so already.

        Raises:
            DatabaseError: There is no such island, or it is the last one that lives.
        """
        return await self._recorder.retire(island)

    async def summary(self, name: str = "") -> RunSummary:
        """What an evolution comes to so far: the one that this object is bound to, or another."""
        return await self._store.read(lambda connection: summarise(connection, name or self._evolution))

    # Inside

    def _new_mark(self) -> str:
        give_back_mark(self._mark)
        self._mark = new_mark()
        return self._mark

    def _bind(self, evolution: Evolution) -> None:
        self._evolution = name = evolution.name
        for part in (self.journal, self.calls, self.guidance, self._recorder):
            part.bind(name)
        self.journal.language = evolution.language
        self._population.seed = evolution.seed
        self._writer.bind(Lease(name, self._mark, evolution.commits))
        self._beats = asyncio.create_task(self._beat())

    async def _beat(self) -> None:
        """Signs of life while there is nothing else to write; after a long sleep the first one tells who owns it."""
        while self.lost is None:
            await asyncio.sleep(BEAT)
            if time.monotonic() - self._writer.last_commit >= BEAT:
                with suppress(DatabaseError):
                    await self._writer.post()

    async def _release(self) -> None:
        """Lets another take the evolution up at once; without that it has to wait for our silence."""
        mark, self._mark = self._mark, ""
        give_back_mark(mark)
        if self._evolution and self.lost is None:
            await release(self._store, self._evolution, mark)
