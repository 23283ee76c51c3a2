"""What strategies see of a population: arrays by position, read-only.

A program's position is its place in the order of insertion, from 0, so that a position never changes its
meaning and the population as it was after k programs is the first k rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Vectors = NDArray[np.float32]

NO_PARENT = -1


@dataclass(frozen=True, slots=True)
class PopulationView:
    """The programs of one evolution, by position.

    Attributes:
        ids: n program ids.
        scores: `(n,)`, NaN where a program has none.
        correct: `(n,)`: correct and with a finite score, so fit to be a parent.
        children: `(n,)` children so far, those under way included.
        parents: `(n,)` positions of the parents, `NO_PARENT` without one.
        generations: `(n,)` generations that made the programs.
        births: `(n,)` islands that the programs were made on.
        islands: Positions of those who live on each island, in the order in which they came: `(m,)` each.
            A retired island keeps its members.
        elites: `(k,)` positions of the archive's members, ascending.
        embeddings: `(n, d)` of unit length, zeros where a program has none; `(n, 0)` without embeddings.
        instances: Names of the evaluator's instances, the columns of `instance_scores`.
        instance_scores: `(n, m)`, NaN where a program has none; larger is better.
        features: Numbers by name of the feature, `(n,)` each, NaN where a program has none.
    """

    ids: Sequence[str]
    scores: Floats
    correct: Bools
    children: Ints
    parents: Ints
    generations: Ints
    births: Ints
    islands: tuple[Ints, ...]
    elites: Ints
    embeddings: Vectors
    instances: tuple[str, ...] = ()
    instance_scores: Floats = field(default_factory=lambda: np.empty((0, 0)))
    features: Mapping[str, Floats] = field(default_factory=dict[str, Any])

    def __len__(self) -> int:
        return len(self.scores)

    def fit_on(self, island: int) -> Ints:
        """Correct programs that live on an island, in the order in which they came."""
        members = self.islands[island]
        return members[self.correct[members]]

    def best_on(self, island: int) -> int:
        """The best correct program of an island, the first to come of equals; there has to be one."""
        correct = self.fit_on(island)
        return int(correct[np.argmax(self.scores[correct])])

    def elites_on(self, island: int) -> Ints:
        """Members of the archive that live on an island, ascending."""
        return self.elites[np.isin(self.elites, self.islands[island])]

    def after(self, count: int) -> PopulationView:
        """The population as it was after that many programs; `children` and `elites` are those of now."""
        return PopulationView(
            self.ids[:count],
            self.scores[:count],
            self.correct[:count],
            self.children[:count],
            self.parents[:count],
            self.generations[:count],
            self.births[:count],
            tuple(members[members < count] for members in self.islands),
            self.elites[self.elites < count],
            self.embeddings[:count],
            self.instances,
            self.instance_scores[:count],
            {name: values[:count] for name, values in self.features.items()},
        )


@dataclass(frozen=True, slots=True)
class IslandStats:
    """What there is to know of the living islands beside the programs on them.

    Attributes:
        numbers: `(k,)` the living islands, ascending; k >= 1.
        sizes: `(k,)` programs on each, proposals under way included.
        under_way: `(k,)` proposals under way.
        progress: Share of the run's generations that have ended, in [0, 1].
        failures: How many programs lived on each island when a proposal of it came to nothing, one number for each
            such proposal, ascending: `(f,)` for each island. Empty: there were none.
    """

    numbers: Ints
    sizes: Ints
    under_way: Ints
    progress: float = 0.0
    failures: tuple[Ints, ...] = ()
