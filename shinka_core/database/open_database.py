"""An open database, and how it is bound to an evolution: begun, resumed, shared with other drivers, or joined."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from shinka_core.config import DatabaseConfig
from shinka_core.database.address import address_of
from shinka_core.database.attempts import Attempts
from shinka_core.database.calls import Calls
from shinka_core.database.drivers import SharedLease, open_to_others, take_part
from shinka_core.database.following import Place, read_all, read_place
from shinka_core.database.guidance import Guidance
from shinka_core.database.holding import Alone
from shinka_core.database.islands import IslandRecord, first_islands, read_islands
from shinka_core.database.journal import Journal
from shinka_core.database.lease import Lease
from shinka_core.database.lifecycle import Evolution, create_evolution, has_evolution, read_evolution, take_up_evolution
from shinka_core.database.loading import read_events, tell
from shinka_core.database.ownership import give_back_mark, new_mark
from shinka_core.database.reading import ProgramReader
from shinka_core.database.recording import ProgramRecorder
from shinka_core.database.sessions import seconds_before
from shinka_core.database.shared import transact
from shinka_core.database.store import Store
from shinka_core.database.taking_up import Embed, Embeddings, TakeUp, embed_anew, seed_embedding
from shinka_core.database.together import Together
from shinka_core.database.under_way import UnderWay, expect_again, parted, read_left_off
from shinka_core.database.waiting import wait_until_free
from shinka_core.database.writer import Writer
from shinka_core.errors import DatabaseUnavailableError
from shinka_core.population.archives.protocol import check_archive
from shinka_core.population.settings import search_of
from shinka_core.population.state import Population
from shinka_core.record import Fold, Folds
from shinka_core.source import Source

Vector = NDArray[np.float32]

# Numbers in embeddings up to which they are compared on the event loop: about 5 ms.
SMALL = 5_000_000


class OpenDatabase:
    """A database that is open, and bound to one of its evolutions.

    Attributes:
        journal: How far each generation has come.
        calls: The ledger of model calls.
        guidance: Advice, ideas and system prompts.
        attempts: What was proposed from each parent before.
        folds: What is told of every event once it is durable; the population is the first of them.
        under_way: Samplings of generations that were open when the evolution was taken up, in their order.
        together: What it has in common with other drivers; None while it is this one's alone.
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
        self.together: Together | None = None
        self.under_way: list[UnderWay] = []
        self._hold: Alone | Together | None = None
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
        if self._hold is not None:
            await self._hold.stop()
        await self._writer.close()
        await self._release()
        await self._store.close()

    # Evolutions

    async def exists(self, name: str) -> bool:
        """Whether the database has an evolution of that name."""
        return await self._store.read(lambda connection: has_evolution(connection, name))

    async def begin(self, name: str, *, seed: int, settings: dict[str, Any], shares: bool = False) -> Evolution:
        """Starts a new evolution and binds this object to it.

        Args:
            settings: Kept with it.
            shares: It is to be opened to other drivers in a moment, with `share`.

        Raises:
            EvolutionExistsError: The name is taken.
        """
        kept = {"seed": seed, "settings": settings, "islands": first_islands(self._config)}
        await self._writer.write(partial(create_evolution, name=name, mark=self._new_mark(shares=shares), **kept))
        evolution = Evolution(name, seed, settings)
        self._bind(evolution)
        return evolution

    async def resume(self, name: str, how: TakeUp | None = None, *folds: Fold, shares: bool = False) -> Evolution:
        """Takes up an evolution where it stands and binds this object to it.

        A seed program that gave no result is evaluated again, and islands that are new begin with it.

        Args:
            how: What is changed, in one transaction; None changes nothing.
            folds: Told of all that was recorded, as are those of this object.
            shares: It is to be opened to other drivers in a moment, with `share`.

        Raises:
            DatabaseError: There is none of that name.
            EvolutionExistsError: Another process has it open.
        """
        mark, islands = self._new_mark(shares=shares), first_islands(self._config)
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

    async def share(self) -> Together:
        """Opens the evolution that this object is bound to, to other drivers; this one is the first of them."""
        assert isinstance(self._hold, Alone), "it was begun, or resumed"
        await self._hold.stop()
        place = await read_place(self._store, self._evolution)  # as long as nobody else writes
        await self._writer.write(partial(open_to_others, evolution=self._evolution, mark=self._mark))
        return self._take_part(place)

    async def join(self, name: str, *folds: Fold) -> Together:
        """Takes part in an evolution that others have opened, and binds this object to it.

        Args:
            folds: Told of all that was recorded, as are those of this object.

        Raises:
            EvolutionTakenMeanwhileError: It is not shared any more.
        """
        mark = self._new_mark(shares=True)
        await transact(self._store, partial(take_part, evolution=name, mark=mark))
        self._know(await self._store.read(partial(read_evolution, name=name)))
        self._recorder.know(await self.islands())
        events, place = await read_all(self._store, name, self._config.num_islands)
        await tell(events, self._population, self.attempts, *folds)
        left = await self._store.read(lambda connection: read_left_off(connection, name))
        self.under_way = left.samplings
        expect_again(self._population, self.under_way)
        self._recorder.progress = left.progress(None)
        await self.calls.load()
        return self._take_part(place)

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
        """Seconds of the sessions before this one, and of this one where others began it."""
        joined = self.together is not None
        return await self._store.read(lambda connection: seconds_before(connection, self._evolution, under_way=joined))

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
        if self.lost is None and self._hold is not None:
            await self._hold.finish(state)

    def check_archive(self) -> None:
        """Looks at whether the archive finds in the programs what it needs.

        Raises:
            ConfigError: It does not; says what is missing.
        """
        check_archive(self._search.archive, self._population.view())

    async def islands(self) -> list[IslandRecord]:
        """The islands of this evolution by number, the retired ones too."""
        return await self._store.read(lambda connection: read_islands(connection, self._evolution))

    # Inside

    def _new_mark(self, *, shares: bool = False) -> str:
        give_back_mark(self._mark)
        self._mark = new_mark(shares=shares)
        return self._mark

    def _bind(self, evolution: Evolution) -> None:
        self._know(evolution)
        self._hold = Alone(self._store, self._writer, Lease(evolution.name, self._mark, evolution.commits))

    def _know(self, evolution: Evolution) -> None:
        self._evolution = name = evolution.name
        for part in (self.journal, self.calls, self.guidance, self._recorder, self.attempts):
            part.bind(name)
        self.journal.language = evolution.language
        self._population.seed = evolution.seed

    def _take_part(self, place: Place) -> Together:
        lease = SharedLease(self._evolution, self._mark)
        parts = (self._population, self.folds, self.calls, self.journal)
        self._hold = self.together = Together(self._store, self._writer, lease, *parts, place)
        self.journal.ends = self._recorder.ends = self.together.end
        return self.together

    async def _release(self) -> None:
        mark, self._mark = self._mark, ""
        give_back_mark(mark)
        if self._hold is not None and self.lost is None:
            await self._hold.give_back()
