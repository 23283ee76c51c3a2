"""The population's numbers in memory, so that sampling and novelty read no table.

A program is known here by its position: the order in which it was added. Codes and texts stay in
the database; 100,000 programs with 384-float embeddings take about 160 MB here.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shinka_core.selection.archive import ArchiveChange, fitness_change, fittest

Vector = NDArray[np.float32]
FIRST_CAPACITY = 256


class GrowingArray:
    """Rows of one type that are appended to; the storage doubles when it is full."""

    def __init__(self, dtype: Any, width: int | None = None) -> None:
        self._shape = () if width is None else (width,)
        self._rows: NDArray[Any] = np.empty((FIRST_CAPACITY, *self._shape), dtype=dtype)
        self._length = 0

    def append(self, row: Any) -> None:
        """Adds one row."""
        if self._length == len(self._rows):
            larger = np.empty((2 * self._length, *self._shape), dtype=self._rows.dtype)
            larger[: self._length] = self._rows
            self._rows = larger
        self._rows[self._length] = row
        self._length += 1

    @property
    def rows(self) -> NDArray[Any]:
        """A view of all rows: `(n,)` or `(n, width)`."""
        return self._rows[: self._length]


class Island:
    """Who lives on one island, and their embeddings."""

    def __init__(self) -> None:
        self.members = GrowingArray(np.int64)
        self._residents: set[int] = set()
        self._embedded = GrowingArray(np.int64)
        self._embeddings: GrowingArray | None = None

    def add(self, position: int, embedding: Vector | None) -> None:
        """Lets a program live here."""
        self.members.append(position)
        self._residents.add(position)
        if embedding is None:
            return
        if self._embeddings is None:
            self._embeddings = GrowingArray(np.float32, len(embedding))
        self._embeddings.append(embedding)
        self._embedded.append(position)

    def holds(self, position: int) -> bool:
        """Whether a program lives here."""
        return position in self._residents

    @property
    def size(self) -> int:
        """Numbers in all embeddings."""
        return 0 if self._embeddings is None else self._embeddings.rows.size

    @property
    def width(self) -> int | None:
        """Numbers in each embedding; None while there is none."""
        return None if self._embeddings is None else int(self._embeddings.rows.shape[1])

    def nearest(self, embedding: Vector, count: int = 1) -> list[tuple[int, float]]:
        """Positions and cosines of the most similar programs, the most similar first.

        Embeddings are of unit length. May be called in a thread: rows are only ever added.
        """
        if self._embeddings is None:
            return []
        embeddings, positions = self._embeddings.rows, self._embedded.rows
        known = min(len(embeddings), len(positions))
        similarities = embeddings[:known] @ embedding
        if known <= count:
            best = np.argsort(-similarities, kind="stable")
        else:
            best = np.sort(np.argpartition(-similarities, count)[:count])
            best = best[np.argsort(-similarities[best], kind="stable")]
        return [(int(positions[index]), float(similarities[index])) for index in best]


class Population:
    """Scores, correctness, children, islands and archive of one evolution.

    Attributes:
        ids: Program ids by position.
        archive: Scores of the archive's members by position.
    """

    def __init__(self, islands: int, archive_size: int) -> None:
        self.ids: list[str] = []
        self.islands = [Island() for _ in range(islands)]
        self.archive: dict[int, float] = {}
        self._archive_size = archive_size
        self._positions: dict[str, int] = {}
        self._generations: set[int] = set()
        self._scores = GrowingArray(np.float64)
        self._correct = GrowingArray(np.bool_)
        self._children = GrowingArray(np.int64)
        self._under_way: dict[int, tuple[int, int]] = {}

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def scores(self) -> NDArray[np.float64]:
        """`(n,)`, NaN where a program has none."""
        return self._scores.rows

    @property
    def correct(self) -> NDArray[np.bool_]:
        """`(n,)`: correct and with a finite score, so fit to be a parent."""
        return self._correct.rows

    @property
    def children(self) -> NDArray[np.int64]:
        """`(n,)` children so far, those under way included."""
        return self._children.rows

    def position(self, program_id: str) -> int:
        """Where a program stands."""
        return self._positions[program_id]

    def holds(self, generation: int) -> bool:
        """Whether the generation has its program."""
        return generation in self._generations

    def add(
        self,
        program_id: str,
        generation: int,
        score: float | None,
        correct: bool,
        parent_id: str | None,
        islands: list[int],
        embedding: Vector | None,
    ) -> int:
        """Takes up a program and returns its position; the archive is left alone."""
        position = len(self.ids)
        self.ids.append(program_id)
        self._positions[program_id] = position
        self._generations.add(generation)
        self._scores.append(np.nan if score is None else score)
        self._correct.append(correct and score is not None)
        self._children.append(0)
        for island in islands:
            self.islands[island].add(position, embedding)
        self.forget_proposal(generation)
        parent = None if parent_id is None else self._positions.get(parent_id)
        if parent is not None:
            self._children.rows[parent] += 1
        return position

    def archive_change(self, position: int) -> ArchiveChange:
        """What the archive would do with the program at that position."""
        if not self.correct[position]:
            return ArchiveChange()
        return fitness_change(self.archive, position, float(self.scores[position]), self._archive_size)

    def apply(self, change: ArchiveChange) -> None:
        """Carries out a change of the archive."""
        if change.removed is not None:
            del self.archive[change.removed]
        if change.added is not None:
            self.archive[change.added] = float(self.scores[change.added])

    def rank(self) -> None:
        """Fills the archive from all programs, as if they had been added one after the other."""
        positions = np.flatnonzero(self.correct)
        ranked = zip(positions.tolist(), self.scores[positions].tolist(), strict=True)
        self.archive = fittest(ranked, self._archive_size)

    def expect_child(self, generation: int, parent: int, island: int) -> None:
        """Counts a proposal under way as a child, so that concurrent proposals spread out."""
        self.forget_proposal(generation)
        self._children.rows[parent] += 1
        self._under_way[generation] = (parent, island)

    def forget_proposal(self, generation: int) -> None:
        """The proposal is recorded, sampled anew, or has failed."""
        entry = self._under_way.pop(generation, None)
        if entry is not None:
            self._children.rows[entry[0]] -= 1

    def island_sizes(self) -> list[int]:
        """Programs per island, proposals under way included."""
        sizes = [len(island.members.rows) for island in self.islands]
        for _, island in self._under_way.values():
            sizes[island] += 1
        return sizes

    def best(self) -> int | None:
        """Position of the best correct program, the earliest of equals."""
        if not self.archive:
            return None
        return min(self.archive, key=lambda position: (-self.archive[position], position))
