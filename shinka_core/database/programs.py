"""The program database of one evolution."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from shinka_core.config import DatabaseConfig
from shinka_core.database.address import address_of
from shinka_core.database.attempts import Attempts
from shinka_core.database.calls import Calls
from shinka_core.database.choosing import Choosing, Pull
from shinka_core.database.guidance import Guidance
from shinka_core.database.islands import IslandRecord, Origin, first_islands, read_islands
from shinka_core.database.journal import Journal
from shinka_core.database.lease import BEAT, Lease, release, wait_until_free
from shinka_core.database.lifecycle import Evolution, create_evolution, end_evolution, has_evolution, take_up_evolution
from shinka_core.database.loading import read_events, tell
from shinka_core.database.ownership import give_back_mark, new_mark
from shinka_core.database.reading import ProgramReader
from shinka_core.database.recording import ProgramRecorder
from shinka_core.database.sessions import seconds_before
from shinka_core.database.store import Store
from shinka_core.database.summary import RunSummary, summarise
from shinka_core.database.taking_up import Embed, Embeddings, TakeUp, embed_anew, seed_embedding
from shinka_core.database.under_way import UnderWay, expect_again, parted, read_left_off
from shinka_core.database.writer import Writer
from shinka_core.errors import DatabaseError, DatabaseUnavailableError
from shinka_core.population.archives.protocol import check_archive
from shinka_core.population.settings import search_of
from shinka_core.population.state import Population
from shinka_core.program import GenerationContext, Program, Sampling
from shinka_core.record import Fold, Folds
from shinka_core.record import Pull as Pulled
from shinka_core.source import Source

Vector = NDArray[np.float32]

# Numbers in embeddings up to which they are compared on the event loop: about 5 ms.
SMALL = 5_000_000


class AsyncProgramDatabase:
    """Programs, islands, archive, journal and model calls of one evolution.

    Open it with `async with`, then bind it to an evolution with `begin` or `resume`. Safe for any
    number of tasks on one event loop.

    Attributes:
        journal: How far each generation has come.
        calls: The ledger of model calls.
        guidance: Advice, ideas and system prompts.
        attempts: What was proposed from each parent before.
        folds: What is told of every event once it is durable; the population is the first of them.
        under_way: Samplings of generations that were open when the evolution was taken up, in their order.
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
        self.under_way: list[UnderWay] = []
        self._beats: asyncio.Task[None] | None = None
        self.folds = Folds()
        self.calls = Calls(self._store, self._writer, self.folds)
        self.attempts = Attempts(self._store)
        for fold in (self._population, self.calls, self.attempts):
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

    async def __aexit__(self, *_: object) -> None:
        if self._beats is not None:
            self._beats.cancel()
        await self._writer.close()
        await self._release()
        await self._store.close()

    # Evolutions

    async def exists(self, name: str) -> bool:
        """Whether the database has an evolution of that name."""
        return await self._store.read(lambda connection: has_evolution(connection, name))

    async def begin(self, name: str, *, seed: int, settings: dict[str, Any]) -> Evolution:
        """Starts a new evolution and binds this object to it.

        Args:
            settings: Kept with it.

        Raises:
            EvolutionExistsError: The name is taken.
        """
        kept = {"seed": seed, "settings": settings, "islands": first_islands(self._config)}
        await self._writer.write(partial(create_evolution, name=name, mark=self._new_mark(), **kept))
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
        mark, islands = self._new_mark(), first_islands(self._config)
        seen = await wait_until_free(self._store, name)
        take_up = partial(take_up_evolution, name=name, mark=mark, seen=seen, how=how, islands=islands)
        evolution = await self._writer.write(take_up)
        self._bind(evolution)
        self._recorder.know(await self.islands())
        events = await read_events(self._store, name, self._config.num_islands)
        left = await self._store.read(lambda connection: read_left_off(connection, name))
        before, late = parted(events, left.known)
        await tell(before, self._population, self.attempts, *folds)
        self.under_way = left.samplings
        expect_again(self._population, self.under_way)
        self._recorder.progress = left.progress(how and how.generations)
        await self._recorder.catch_up(late, self.attempts, *folds)
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
        if self.lost is None:
            await self._writer.write(partial(end_evolution, name=self._evolution, state=state))

    # Sampling

    def reached(self, progress: float) -> None:
        """Takes note which share of the run's generations had ended, for rules that retire islands by it."""
        self._recorder.progress = max(progress, self._recorder.progress)

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
            progress: Share of the run's generations that have ended.

        Raises:
            ConfigError: A strategy chose what there is not.
            DatabaseError: The population is empty, or the database cannot be read.
        """
        self.reached(progress)
        return await Choosing(self._population, self._search, self.get_many).sample(context, attempt, pull, progress)

    def best_on(self, island: int) -> str:
        """Id of the best correct program of an island, on which there has to be one."""
        return self._population.ids[self._population.view().best_on(island)]

    def expect_child(self, generation: int, parent: str, island: int) -> None:
        """Counts a proposal under way as a child of that program, on that island."""
        self._population.expect_child(generation, self._population.position(parent), island)

    def move_proposal(self, generation: int, parent: Program, island: int) -> int:
        """Counts a proposal under way as another program's child; returns its island: that program's, or this if it is retired."""
        return self._population.move_proposal(generation, parent.id, parent.island, island)

    async def nearest(self, island: int, embedding: Vector, count: int = 1) -> list[tuple[str, float]]:
        """Ids and cosines of the island's most similar programs, the most similar first.

        Args:
            embedding: `(d,)` float32 of unit length.
        """
        compare, small = self._population.comparison(island), self._population.size_of_comparison() <= SMALL
        found = compare(embedding, count) if small else await asyncio.to_thread(compare, embedding, count)
        return [(self._population.ids[position], cosine) for position, cosine in found]

    # Programs

    async def add(
        self, program: Program, embedding: Vector | None, pulls: tuple[Pulled, ...] = (), islands: tuple[int, ...] = ()
    ) -> bool:
        """Stores a program, updates islands and archive, and closes its generation.

        Args:
            embedding: `(d,)` float32 of unit length, or None.
            pulls: Arms that its generation tried, the last of which made it.
            islands: On which it lives from the start; none: its own, or all of them for generation 0.

        Returns:
            False when the generation already has its program; nothing is changed then.

        Raises:
            DatabaseError: Nothing was stored.
        """
        self.journal.language = program.language
        return await self._recorder.add(program, embedding, pulls, islands)

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
        position = self._population.twin(key, island)
        if position is None:  # as a rule, and then nothing is asked
            return None
        found = await self.get(self._population.ids[position])
        return found if found.source.key == key else None

    async def embedding(self, program_id: str) -> Vector | None:
        """The embedding of a program, `(d,)` float32, or None."""
        return await self._reader.embedding(program_id)

    async def best(self) -> Program | None:
        """The best correct program, or None while there is none."""
        position = self._population.best()
        return None if position is None else await self.get(self._population.ids[position])

    def __len__(self) -> int:
        return len(self._population)

    @property
    def ended(self) -> int:
        """Generations that have ended: the moment of what is chosen now."""
        return self._population.ended

    # Islands

    def entry_of(self, island: int) -> int:
        """The entry of the settings' `islands` by which an island lives; its number, where it is not known."""
        return dict(enumerate(self._population.entries())).get(island, island)

    async def islands(self) -> list[IslandRecord]:
        """The islands of this evolution by number, the retired ones too."""
        return await self._store.read(lambda connection: read_islands(connection, self._evolution))

    async def fill_islands(self) -> list[int]:
        """Lets a seed program that is correct live on each island that has none; says which islands these were."""
        return await self._recorder.fill_islands()

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

    async def retire_island(self, island: int, reason: str = "") -> bool:
        """Takes note that nothing is proposed on an island any more, and tells the folds; False when that is so already.

        Raises:
            DatabaseError: There is no such island, or it is the last one that lives.
        """
        return await self._recorder.retire(island, reason)

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
        for part in (self.journal, self.calls, self.guidance, self._recorder, self.attempts):
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
