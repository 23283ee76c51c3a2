"""Programs written: their rows, and what follows for the islands."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import insert

from shinka_core.config import DatabaseConfig
from shinka_core.database.islands import IslandRecord, Origin, add_island, retire
from shinka_core.database.journal import RECORDED
from shinka_core.database.rows import program_rows
from shinka_core.database.schema import InspirationRow, IslandMemberRow, now, table_of
from shinka_core.database.writer import Rows, Writer
from shinka_core.population.migration.protocol import Move
from shinka_core.population.search import Search
from shinka_core.population.settings import spawning_of
from shinka_core.population.spawning import due_retirement, due_spawn
from shinka_core.population.state import Population
from shinka_core.program import Program
from shinka_core.record import Folds, Joined, Pull, Retired, Spawned, recorded

Vector = NDArray[np.float32]
logger = logging.getLogger("shinka.database")

_INSPIRATION = insert(table_of(InspirationRow))
_MEMBER = insert(table_of(IslandMemberRow))


class ProgramRecorder:
    """Stores the programs of one evolution, and lets islands come and go.

    Attributes:
        progress: Share of the run's generations that have begun, in [0, 1].
    """

    def __init__(
        self, config: DatabaseConfig, search: Search, writer: Writer, population: Population, folds: Folds
    ) -> None:
        self.progress = 0.0
        self._config = config
        self._search = search
        self._spawning = spawning_of(config, search.islands)
        self._writer = writer
        self._population = population
        self._folds = folds
        self._evolution = ""

    def bind(self, evolution: str) -> None:
        """Says whose programs these are."""
        self._evolution = evolution

    async def add(self, program: Program, embedding: Vector | None, pulls: tuple[Pull, ...] = ()) -> bool:
        """Stores a program, closes its generation and tells the folds; False when it is there already."""
        if self._population.holds(program.generation):
            return False
        islands = tuple(range(self._config.num_islands)) if program.generation == 0 else (program.island,)
        program = replace(program, score=program.score if program.score is None or np.isfinite(program.score) else None)

        rows = program_rows(program, self._evolution, embedding)
        rows += [
            Rows(_INSPIRATION, {"program_id": program.id, "position": position, "inspiration_id": inspiration})
            for position, inspiration in enumerate(program.inspiration_ids)
        ]
        rows += [self._member(program.id, island, 0) for island in islands]
        closed = {"of": self._evolution, "at": program.generation, "updated_at": now()}
        await asyncio.shield(self._writer.post(*rows, Rows(RECORDED, closed)))
        self._folds.apply(recorded(program, self._population.sequence + 1, islands, embedding, pulls))
        await self._follow_up()
        return True

    async def _follow_up(self) -> None:
        """Islands: the program is stored, so nothing that goes wrong from here on is its failure."""
        try:
            await self._migrate(self._due_moves())
            await self._renew_islands()
        except Exception as error:  # noqa: BLE001 - see above
            logger.warning("islands are not up to date until the next resume: %s", error)

    def _due_moves(self) -> tuple[Move, ...]:
        """Every `migration_interval` programs after the first.

        Programs are counted and not generations, of which the one that a migration waited for may have failed.
        """
        newest, islands = len(self._population) - 1, self._population.stats()
        if newest < 1 or newest % self._config.migration_interval or len(islands.numbers) == 1:
            return ()
        rng = np.random.default_rng([self._population.seed, newest, len(islands.numbers)])
        moves = self._search.migration.plan(self._population.view(), islands, rng)
        # In the order in which they are read back.
        return tuple(sorted(moves, key=lambda move: (move.program, move.target)))

    async def _migrate(self, moves: tuple[Move, ...]) -> None:
        """Copies programs to other islands, all or none."""
        if not moves:
            return
        ids, after = self._population.ids, self._population.sequence
        # At once, so that what is recorded meanwhile comes after them here and when this is read back.
        for move in moves:
            self._folds.apply(Joined(after, ids[move.program], move.target))
        members = [self._member(ids[move.program], move.target, after) for move in moves]
        await asyncio.shield(self._writer.post(*members))

    def _member(self, program_id: str, island: int, after: int) -> Rows:
        place = {"evolution": self._evolution, "island": island, "program_id": program_id}
        return Rows(_MEMBER, place | {"after": after})

    async def _renew_islands(self) -> None:
        """Makes the island that is due, and retires those that are."""
        settings, population = self._spawning, self._population
        if settings is None:
            return
        made = [island.made for island in population.islands]
        view, islands = population.view(), population.stats(self.progress)
        rng = np.random.default_rng([population.seed, len(population), len(made)])
        due = due_spawn(view, islands, settings, rng, made=made) if self._config.stagnation_threshold else None
        if due is not None:
            logger.info("island %d begins with %s: %s", due.island, due.origin, due.reason)
            await self.spawn(due.origin, population.ids[due.founders[0]], {"reason": due.reason})
            view, islands = population.view(), population.stats(self.progress)
            made = [island.made for island in population.islands]
        for over in due_retirement(view, islands, settings, selector=self._search.islands, made=made):
            logger.info("island %d is retired: %s", over.island, over.reason)
            await self.retire(over.island)

    async def spawn(self, origin: Origin, program_id: str, settings: Mapping[str, Any]) -> IslandRecord:
        """Adds an island with a program that lives on it from now on.

        Raises:
            DatabaseError: There is no such program.
        """
        island = await self._writer.write(
            lambda connection: add_island(connection, self._evolution, origin, program_id, settings)
        )
        self._folds.apply(Spawned(island.created_after, island.island, island.origin))
        self._folds.apply(Joined(island.created_after, program_id, island.island))
        return island

    async def retire(self, island: int) -> bool:
        """Takes note that nothing is proposed on an island any more; False when that is so already.

        Raises:
            DatabaseError: There is no such island, or it is the last one that lives.
        """
        after = await self._writer.write(lambda connection: retire(connection, self._evolution, island))
        if after is not None:
            self._folds.apply(Retired(after, island))
        return after is not None
