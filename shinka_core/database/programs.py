"""The program database of one evolution."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shinka_core.database.choosing import Choosing, Pull
from shinka_core.database.islands import IslandRecord, Origin
from shinka_core.database.open_database import OpenDatabase
from shinka_core.database.summary import RunSummary, summarise
from shinka_core.program import GenerationContext, Program, Sampling
from shinka_core.record import Pull as Pulled

Vector = NDArray[np.float32]

# Numbers in embeddings up to which they are compared on the event loop: about 5 ms.
SMALL = 5_000_000


class AsyncProgramDatabase(OpenDatabase):
    """Programs, islands, archive, journal and model calls of one evolution.

    Open it with `async with`, then bind it to an evolution with `begin` or `resume`. Safe for any
    number of tasks on one event loop.
    """

    # Sampling

    def reached(self, progress: float) -> None:
        """Takes note which share of the run's generations had ended, for rules that retire islands by it."""
        self._recorder.progress = max(progress, self._recorder.progress)

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
