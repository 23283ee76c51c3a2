"""The population of one evolution in memory: a fold over its record, so that sampling and novelty read no table.

A program is known here by its position: the order in which it was added. Texts stay in the database; 100,000
programs with 384-float embeddings take about 160 MB here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from functools import partial
from typing import Protocol, runtime_checkable

import numpy as np

from shinka_core.population.archives.protocol import Archive, ArchiveChange
from shinka_core.population.growing import GrowingArray, GrowingColumns
from shinka_core.population.view import NO_PARENT, IslandStats, PopulationView, Vectors
from shinka_core.record import FRESH, Ended, Event, Joined, Pull, Recorded, Retired, Spawned

# Below this share of all programs, those of an island are compared alone.
GATHERED = 0.25


@runtime_checkable
class Rebuildable(Protocol):
    """An archive that knows a quicker way than one offer after the other."""

    def rebuild(self, view: PopulationView, rng: np.random.Generator) -> tuple[int, ...]:
        """The members after all programs of the view have been offered, ascending."""
        ...


def _short(digest: str) -> int:
    """The first 60 bits of a hexadecimal digest: a hundred thousand of them take 10 MB."""
    return int(digest[:15], 16)


class Island:
    """Who lives on one island, in the order in which they came, and which of its proposals came to nothing.

    Moments are sequences of the program that was the newest then, so that they are the same however what happens
    between two programs is ordered.

    Attributes:
        made: How many programs were recorded when it was made.
        origin: Of what it was made.
        entry: Of the settings' `islands`, by which it lives.
    """

    def __init__(self, number: int) -> None:
        self.made = 0
        self.origin = "initial"
        self.entry = number
        self._members = GrowingArray(np.int64)
        self._came = GrowingArray(np.int64)
        self._failed = GrowingArray(np.int64)
        self._residents: set[int] = set()
        self.retired = False

    def add(self, position: int, moment: int) -> None:
        """Lets a program live here."""
        if position not in self._residents:
            self._members.append(position)
            self._came.append(moment)
            self._residents.add(position)

    def fail(self, moment: int) -> None:
        """Takes note that a proposal of this island came to nothing."""
        self._failed.append(moment)

    def draft(self) -> Island:
        """One that can be changed and dropped, before this one is changed."""
        other = copy(self)
        other._members, other._came, other._failed = (
            rows.draft() for rows in (self._members, self._came, self._failed)
        )
        other._residents = set(self._residents)
        return other

    @property
    def failures(self) -> np.ndarray:
        """`(f,)` how many programs lived here when each of its proposals that came to nothing ended, ascending."""
        return np.searchsorted(self._came.rows, self._failed.rows, side="right").astype(np.int64)

    def holds(self, position: int) -> bool:
        """Whether a program lives here."""
        return position in self._residents

    @property
    def members(self) -> np.ndarray:
        """`(m,)` positions."""
        return self._members.rows


class Population:
    """Scores, correctness, children, islands and archive.

    Attributes:
        ids: Program ids by position.
        elites: Positions of the archive's members, ascending.
        sequence: Of the newest program.
        ended: Generations that have ended, with a program or without.
    """

    def __init__(self, islands: int, archive: Archive, seed: int = 0) -> None:
        """Starts an empty population.

        Args:
            seed: Of the run; with a program's position it decides where an archive leaves something to chance.
        """
        self.ids: list[str] = []
        self.elites: list[int] = []
        self.seed = seed
        self.sequence = 0
        self.ended = 0
        self._islands = [Island(number) for number in range(islands)]
        self._archive = archive
        self._rebuilds = archive if isinstance(archive, Rebuildable) else None  # looked at once: it takes its time
        self._positions: dict[str, int] = {}
        self._made: set[int] = set()
        self._texts: dict[int, tuple[int, ...]] = {}
        self._scores = GrowingArray(np.float64)
        self._correct = GrowingArray(np.bool_)
        self._children = GrowingArray(np.int64)
        self._parents = GrowingArray(np.int64)
        self._generations = GrowingArray(np.int64)
        self._births = GrowingArray(np.int64)
        self._embedded = GrowingArray(np.bool_)
        self._embeddings: GrowingArray | None = None
        self._instances = GrowingColumns()
        self._features = GrowingColumns()
        self._under_way: dict[int, tuple[int, int]] = {}
        self._best: int | None = None
        self._view: PopulationView | None = None

    def __len__(self) -> int:
        return len(self.ids)

    # The record

    def apply(self, event: Event) -> None:
        """Takes up what happened."""
        match event:
            case Recorded():
                self._add(event)
                self._offer(len(self.ids) - 1)
            case Ended(generation=generation, pulls=pulls):
                self.ended += 1
                self.forget_proposal(generation)
                self._fail(pulls)
            case Joined(after=after, program_id=program_id, island=island):
                self._islands[island].add(self._positions[program_id], after)
                self._view = None
            case Spawned(after=after, island=island, origin=origin, entry=entry):
                while len(self._islands) <= island:
                    self._islands.append(Island(len(self._islands)))
                self._islands[island].made, self._islands[island].origin = after, origin
                if entry is not None:
                    self._islands[island].entry = entry
                self._view = None
            case Retired(island=island):
                self._islands[island].retired = True
            case _:
                pass

    def draft(self) -> Population:
        """What can be told of an event that may come next, and is dropped before this one is told of anything."""
        other = copy(self)
        for name, value in vars(self).items():
            match value:
                case GrowingArray() | GrowingColumns():
                    setattr(other, name, value.draft())
                case list() | dict() | set():
                    setattr(other, name, copy(value))  # pyright: ignore[reportUnknownArgumentType]
                case _:
                    pass
        other._children = self._children.copy()  # the only ones that change behind their end
        other._islands = [island.draft() for island in self._islands]
        return other

    def load(self, events: Iterable[Event]) -> None:
        """Takes up a whole record, to the same end as `apply` to each event."""
        for event in events:
            self.take(event)
        self.rank()

    def take(self, event: Event) -> None:
        """Takes up one event of a record that is read back; the archive may wait for `rank`."""
        if isinstance(event, Recorded) and self._rebuilds is not None:
            self._add(event)
        else:
            self.apply(event)

    def rank(self) -> None:
        """Makes the archive of what was taken up."""
        if self._rebuilds is not None:
            self.elites = list(self._rebuilds.rebuild(self.view(), np.random.default_rng([self.seed, len(self)])))
            self._view = None

    def _fail(self, pulls: Sequence[Pull]) -> None:
        """Proposals came to nothing, after the newest program."""
        for pull in pulls:
            if pull.island < len(self._islands):  # there may be fewer than the settings of before said
                self._islands[pull.island].fail(self.sequence)

    def _add(self, event: Recorded) -> None:
        self._fail(event.pulls[:-1])
        position, self.sequence = len(self.ids), event.sequence
        self.ended += 1
        self.ids.append(event.program_id)
        self._positions[event.program_id] = position
        self._made.add(event.generation)
        if event.text:
            text = _short(event.text)
            self._texts[text] = (*self._texts.get(text, ()), position)
        fit = event.correct and event.score is not None
        self._scores.append(np.nan if event.score is None else event.score)
        self._correct.append(fit)
        self._children.append(0)
        self._generations.append(event.generation)
        self._births.append(event.island)
        self._instances.append(event.instance_scores)
        self._features.append(event.features)
        self._embed(event.embedding)
        for island in event.islands:
            self._islands[island].add(position, event.sequence)
        self.forget_proposal(event.generation)
        parent = NO_PARENT if event.parent_id is None else self._positions.get(event.parent_id, NO_PARENT)
        self._parents.append(parent)
        if parent != NO_PARENT:
            self._children.rows[parent] += 1
        if fit and (self._best is None or self._scores.rows[position] > self._scores.rows[self._best]):
            self._best = position
        self._view = None

    def _embed(self, embedding: Vectors | None) -> None:
        if self._embeddings is None and embedding is not None:
            self._embeddings = GrowingArray(np.float32, len(embedding), rows=len(self.ids) - 1)
        if self._embeddings is not None:
            self._embeddings.append(0.0 if embedding is None else embedding)
        self._embedded.append(embedding is not None)

    def _offer(self, position: int) -> None:
        if not self._correct.rows[position]:
            return
        rng = np.random.default_rng([self.seed, position])
        change: ArchiveChange = self._archive.offer(self.view(), position, rng)
        if change.added:
            self.elites = [*(member for member in self.elites if member not in change.removed), position]
            self._view = None

    # Proposals under way

    def under_way(self, generation: int) -> tuple[int, int] | None:
        """Parent and island of its proposal under way."""
        return self._under_way.get(generation)

    def expect_child(self, generation: int, parent: int, island: int) -> None:
        """Counts a proposal under way as a child, so that concurrent proposals spread out."""
        self.forget_proposal(generation)
        self._children.rows[parent] += 1
        self._under_way[generation] = (parent, island)

    def move_proposal(self, generation: int, parent: str, island: int, instead: int) -> int:
        """Counts a proposal under way as a child of another program, on an island or, where it is retired, on another."""
        home = instead if self._islands[island].retired else island
        self.expect_child(generation, self._positions[parent], home)
        return home

    def forget_proposal(self, generation: int) -> None:
        """The proposal is recorded, sampled anew, or has failed."""
        entry = self._under_way.pop(generation, None)
        if entry is not None:
            self._children.rows[entry[0]] -= 1

    # What there is

    def position(self, program_id: str) -> int:
        """Where a program stands."""
        return self._positions[program_id]

    def find(self, program_id: str) -> int | None:
        """Where a program stands, if it is there."""
        return self._positions.get(program_id)

    def holds(self, generation: int) -> bool:
        """Whether the generation has its program."""
        return generation in self._made

    def twin(self, text: str, island: int | None = None) -> int | None:
        """Position of the first program that has that text, as far as 60 bits of its name tell; None is certain.

        Args:
            text: As `Source.key` names it.
            island: On which it has to live; None: on any.
        """
        positions = self._texts.get(_short(text), ())
        return next((at for at in positions if island is None or self._islands[island].holds(at)), None)

    def best(self) -> int | None:
        """Position of the best correct program, the earliest of equals."""
        return self._best

    @property
    def islands(self) -> list[Island]:
        """By number, the retired ones too."""
        return self._islands

    def entries(self) -> list[int]:
        """Of each island, the entry of the settings' `islands` by which it lives."""
        return [island.entry for island in self._islands]

    def fresh(self) -> set[int]:
        """Islands that know nothing of the others."""
        return {number for number, island in enumerate(self._islands) if island.origin in FRESH}

    @property
    def width(self) -> int | None:
        """Numbers in each embedding; None while there is none."""
        return None if self._embeddings is None else int(self._embeddings.rows.shape[1])

    def size_of_comparison(self) -> int:
        """Numbers that `nearest` looks at."""
        return 0 if self._embeddings is None else self._embeddings.rows.size

    def view(self) -> PopulationView:
        """What strategies see; holds until the next event, `children` always those of now."""
        if self._view is None:
            instances = self._instances.columns
            none = np.empty((len(self), 0))
            self._view = PopulationView(
                self.ids,
                self._scores.rows,
                self._correct.rows,
                self._children.rows,
                self._parents.rows,
                self._generations.rows,
                self._births.rows,
                tuple(island.members for island in self._islands),
                np.array(self.elites, dtype=np.int64),
                none.astype(np.float32) if self._embeddings is None else self._embeddings.rows,
                tuple(instances),
                np.column_stack(list(instances.values())) if instances else none,
                self._features.columns,
            )
        return self._view

    def stats(self, progress: float = 0.0) -> IslandStats:
        """What there is to know of the living islands.

        Args:
            progress: Share of the run's generations that have ended.
        """
        numbers = [number for number, island in enumerate(self._islands) if not island.retired]
        under_way = [0] * len(self._islands)
        for _, island in self._under_way.values():
            under_way[island] += 1
        return IslandStats(
            np.array(numbers, dtype=np.int64),
            np.array([len(self._islands[number].members) + under_way[number] for number in numbers], dtype=np.int64),
            np.array([under_way[number] for number in numbers], dtype=np.int64),
            progress,
            tuple(self._islands[number].failures for number in numbers),
        )

    def comparison(self, island: int) -> Callable[[Vectors, int], list[tuple[int, float]]]:
        """What finds an island's most similar programs, as they are now; it may be called in a thread.

        Given an embedding, `(d,)` float32 of unit length, and a count: their positions and cosines, the most similar first.
        """
        if self._embeddings is None:
            return lambda _embedding, _count: []
        return partial(_nearest, self._islands[island].members, self._embedded.rows, self._embeddings.rows)

    def nearest(self, island: int, embedding: Vectors, count: int = 1) -> list[tuple[int, float]]:
        """Positions and cosines of an island's most similar programs, the most similar first.

        Args:
            embedding: `(d,)` float32 of unit length.
        """
        return self.comparison(island)(embedding, count)


def _nearest(
    members: np.ndarray, embedded: np.ndarray, embeddings: np.ndarray, embedding: Vectors, count: int
) -> list[tuple[int, float]]:
    """Rows are only ever added, so that what was there stays as it was."""
    members = members[members < min(len(embedded), len(embeddings))]
    members = members[embedded[members]]
    few = len(members) < GATHERED * len(embeddings)
    similarities = embeddings[members] @ embedding if few else (embeddings @ embedding)[members]
    if len(members) <= count:
        best = np.argsort(-similarities, kind="stable")
    else:
        best = np.sort(np.argpartition(-similarities, count)[:count])
        best = best[np.argsort(-similarities[best], kind="stable")]
    return [(int(members[index]), float(similarities[index])) for index in best]
