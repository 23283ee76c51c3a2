"""Programs written: their rows, and what follows for the islands."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import bindparam, insert, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.config import DatabaseConfig
from shinka_core.database.islands import (
    ENTRY,
    REASON,
    RETIRED,
    IslandRecord,
    Origin,
    add_island,
    first_islands,
    island_values,
    own_settings,
    read_islands,
    retire,
)
from shinka_core.database.journal import RECORDED, Ends
from shinka_core.database.rows import program_rows
from shinka_core.database.schema import InspirationRow, IslandMemberRow, IslandRow, now, table_of
from shinka_core.database.under_way import followed
from shinka_core.database.writer import Rows, Writer, execute_rows
from shinka_core.population.migration.protocol import Move
from shinka_core.population.search import Search
from shinka_core.population.settings import spawning_of
from shinka_core.population.spawning import Spawn, due_retirement, due_spawn
from shinka_core.population.state import Population
from shinka_core.program import Program
from shinka_core.record import Event, Fold, Folds, Joined, Pull, Recorded, Retired, Spawned, recorded

Vector = NDArray[np.float32]
logger = logging.getLogger("shinka.database")

_INSPIRATION = insert(table_of(InspirationRow))
_MEMBER = insert(table_of(IslandMemberRow))
_ISLAND = insert(table_of(IslandRow))
_RETIRED = (
    update(table_of(IslandRow))
    .where(IslandRow.evolution == bindparam("of"), IslandRow.island == bindparam("at"))
    .values(retired_after=bindparam("after"), settings=bindparam("told", type_=table_of(IslandRow).c.settings.type))
)


class _Noted:
    """A fold that keeps what it is told of."""

    def __init__(self, events: list[Event]) -> None:
        self._events = events

    def apply(self, event: Event) -> None:
        """Keeps it."""
        self._events.append(event)


class ProgramRecorder:
    """Stores the programs of one evolution, and lets islands come and go.

    Attributes:
        progress: Share of the run's generations that have ended, in [0, 1].
        ends: Where several drivers end generations: what ends one in turn with them.
    """

    def __init__(
        self, config: DatabaseConfig, search: Search, writer: Writer, population: Population, folds: Folds
    ) -> None:
        self.progress = 0.0
        self.ends: Ends | None = None
        self._config = config
        self._search = search
        self._spawning = spawning_of(config, search.islands)
        self._writer = writer
        self._population = population
        self._folds = folds
        self._evolution = ""
        self._first = first_islands(config)
        self._told = {island: own_settings(island, self._first.own) for island in range(config.num_islands)}

    def know(self, islands: Iterable[IslandRecord]) -> None:
        """Takes up what islands are recorded with, where a run is continued."""
        self._told |= {island.island: dict(island.settings) for island in islands}

    def bind(self, evolution: str) -> None:
        """Says whose programs these are."""
        self._evolution = evolution

    async def add(
        self, program: Program, embedding: Vector | None, pulls: tuple[Pull, ...] = (), islands: tuple[int, ...] = ()
    ) -> bool:
        """Stores a program, closes its generation and tells the folds; False when it is there already."""
        if self._population.holds(program.generation):
            return False
        if not islands:
            islands = tuple(range(self._config.num_islands)) if program.generation == 0 else (program.island,)
        program = replace(program, score=program.score if program.score is None or np.isfinite(program.score) else None)

        rows = program_rows(program, self._evolution, embedding)
        rows += [
            Rows(_INSPIRATION, {"program_id": program.id, "position": position, "inspiration_id": inspiration})
            for position, inspiration in enumerate(program.inspiration_ids)
        ]
        rows += [self._member(program.id, island, 0) for island in islands]
        closed = {"of": self._evolution, "at": program.generation, "updated_at": now()}
        if self.ends is not None:
            rows.append(Rows(RECORDED, closed))
            return await self._add_together(program, embedding, pulls, islands, rows, self.ends)
        await asyncio.shield(self._writer.post(*rows, Rows(RECORDED, closed)))
        async with self._folds.turn:
            self._folds.apply(recorded(program, self._population.sequence + 1, islands, embedding, pulls))
            rows = self._follow_up(self._folds, self._population)
        await self._write(rows)
        return True

    async def _add_together(
        self,
        program: Program,
        embedding: Vector | None,
        pulls: tuple[Pull, ...],
        islands: tuple[int, ...],
        rows: list[Rows],
        ends: Ends,
    ) -> bool:
        """The same where several drivers record programs: with all that follows from it in one transaction."""

        async def decide(connection: AsyncConnection) -> list[Event] | None:
            if self._population.holds(program.generation):
                return None
            told = recorded(program, self._population.sequence + 1, islands, embedding, pulls)
            followed: list[Rows] = []
            events: list[Event] = [told]
            if self._spawning is not None:
                self.know(await read_islands(connection, self._evolution))
            if self._may_follow():
                # On a draft, since this transaction may fail and another driver's program come before.
                draft = self._population.draft()
                draft.apply(told)
                followed = self._follow_up(Folds(draft, _Noted(events)), draft)
            await execute_rows(connection, [*rows, *followed])
            return events

        return await ends(decide)

    def _may_follow(self) -> bool:
        """Whether the next program may have any move, or new island, follow from it."""
        return self._spawning is not None or len(self._population) % self._config.migration_interval == 0

    async def fill_islands(self) -> list[int]:
        """Lets a correct program live on each island that has none, in turn; says which islands these were.

        Done before the first proposal: then whoever lives somewhere is a seed program.
        """
        view = self._population.view()
        fit = [position for position in range(len(view)) if view.correct[position]]
        empty = [island for island, members in enumerate(view.islands) if not view.correct[members].any()]
        if not fit or not empty:
            return []
        moves = [Move(fit[turn % len(fit)], 0, island) for turn, island in enumerate(empty)]
        rows: list[Rows] = []
        self._move(moves, rows, self._folds, self._population)
        await asyncio.shield(self._writer.post(*rows))
        return empty

    async def catch_up(self, events: Sequence[Event], *folds: Fold) -> None:
        """Takes up the end of a record, and makes up for what should have followed from it and was cut off.

        Args:
            folds: Told of all that too.
        """
        told, done = Folds(self._population, *folds), followed(events)
        for event in events:
            told.apply(event)
            if isinstance(event, Recorded) and event.sequence not in done:
                await self._write(self._follow_up(told, self._population))

    def _follow_up(self, folds: Folds, population: Population) -> list[Rows]:
        """What becomes of islands: the program is stored, so nothing that goes wrong from here on is its failure."""
        rows: list[Rows] = []
        try:
            # Told at once, so that whatever is chosen from here on knows it here as when this is read back.
            self._move(self._due_moves(population), rows, folds, population)
            self._renew_islands(rows, folds, population)
        except Exception as error:  # noqa: BLE001 - see above
            logger.warning("islands are not up to date until the next resume: %s", error)
        return rows

    async def _write(self, rows: list[Rows]) -> None:
        if not rows:
            return
        try:
            await asyncio.shield(self._writer.post(*rows))
        except Exception as error:  # noqa: BLE001 - as above
            logger.warning("islands are not up to date until the next resume: %s", error)

    def _due_moves(self, population: Population) -> tuple[Move, ...]:
        """Every `migration_interval` programs after the first.

        Programs are counted and not generations, of which the one that a migration waited for may have failed.
        """
        newest, islands = len(population) - 1, population.stats()
        if newest < 1 or newest % self._config.migration_interval or len(islands.numbers) == 1:
            return ()
        rng = np.random.default_rng([population.seed, newest, len(islands.numbers)])
        fresh = population.fresh()
        moves = self._search.migration.plan(population.view(), islands, rng)
        return tuple(move for move in moves if move.target not in fresh)

    def _move(self, moves: Iterable[Move], rows: list[Rows], folds: Folds, population: Population) -> None:
        """Copies programs to other islands, in the order in which that is read back."""
        ids, after = population.ids, population.sequence
        for move in sorted(moves, key=lambda move: (move.program, move.target)):
            folds.apply(Joined(after, ids[move.program], move.target))
            rows.append(self._member(ids[move.program], move.target, after))

    def _member(self, program_id: str, island: int, after: int) -> Rows:
        place = {"evolution": self._evolution, "island": island, "program_id": program_id}
        return Rows(_MEMBER, place | {"after": after})

    def _renew_islands(self, rows: list[Rows], folds: Folds, population: Population) -> None:
        """Makes the island that is due, and retires those that are."""
        settings = self._spawning
        if settings is None:
            return
        made = [island.made for island in population.islands]
        view, islands = population.view(), population.stats(self.progress)
        rng = np.random.default_rng([population.seed, len(population), len(made)])
        due = due_spawn(view, islands, settings, rng, made=made) if self._config.stagnation_threshold else None
        if due is not None:
            logger.info("island %d begins with %s: %s", due.island, due.origin, due.reason)
            self._spawn(due, rows, folds, population)
            view, islands = population.view(), population.stats(self.progress)
            made = [island.made for island in population.islands]
        for over in due_retirement(view, islands, settings, selector=self._search.islands, made=made):
            logger.info("island %d is retired: %s", over.island, over.reason)
            after = population.sequence
            folds.apply(Retired(after, over.island))
            told = {**self._told.get(over.island, {}), RETIRED: over.reason}
            rows.append(Rows(_RETIRED, {"of": self._evolution, "at": over.island, "after": after, "told": told}))

    def _spawn(self, due: Spawn, rows: list[Rows], folds: Folds, population: Population) -> None:
        after, founder = population.sequence, population.ids[due.founders[0]]
        told = self._settings_of(due.island, {REASON: due.reason})
        island = IslandRecord(due.island, due.origin, founder, after, settings=told)
        folds.apply(Spawned(after, island.island, island.origin, told.get(ENTRY)))
        folds.apply(Joined(after, founder, island.island))
        rows += [Rows(_ISLAND, island_values(self._evolution, island)), self._member(founder, island.island, after)]

    async def spawn(self, origin: Origin, program_id: str, settings: Mapping[str, Any]) -> IslandRecord:
        """Adds an island with a program that lives on it from now on.

        Raises:
            DatabaseError: There is no such program.
        """
        told = partial(self._settings_of, more=settings)
        island = await self._writer.write(
            lambda connection: add_island(connection, self._evolution, origin, program_id, told)
        )
        entry = island.settings.get(ENTRY)
        self._folds.apply(Spawned(island.created_after, island.island, island.origin, entry))
        self._folds.apply(Joined(island.created_after, program_id, island.island))
        return island

    def _settings_of(self, island: int, more: Mapping[str, Any]) -> dict[str, Any]:
        """What a new island is recorded with."""
        self._told[island] = own_settings(island, self._first.own, more)
        return self._told[island]

    async def retire(self, island: int, reason: str = "") -> bool:
        """Takes note that nothing is proposed on an island any more; False when that is so already.

        Raises:
            DatabaseError: There is no such island, or it is the last one that lives.
        """
        after = await self._writer.write(lambda connection: retire(connection, self._evolution, island, reason))
        if after is not None:
            self._folds.apply(Retired(after, island))
        return after is not None
