"""Programs unlike the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from shinka_core.population.distances import embedded, mean_distances
from shinka_core.population.parents.protocol import PARENTS
from shinka_core.population.view import Ints, PopulationView

# Distances that are computed at most, as long as enough programs stay to choose from.
PAIRS = 80_000
FEWEST = 8


@PARENTS.register("novelty")
@dataclass(frozen=True, slots=True)
class Novelty:
    """Programs unlike the others: a chance proportional to the mean distance to the nearest, whatever the score.

    The distance is 1 minus the cosine of the embeddings, the others are the island's correct programs: the sparseness
    of novelty search (Lehman and Stanley, 2011), over code as in AdaEvolve's exploration (arXiv:2602.20133). A program
    without an embedding has the mean chance of those with one; without embeddings, or where all are equal, everybody
    has the same. On islands with more than 282 programs the draw is among some that are drawn alike, 80 of 1,000 and 8 of 10,000.

    Attributes:
        nearest: How many of the nearest count.
    """

    nearest: Annotated[int, Field(ge=1)] = 5

    def select(self, view: PopulationView, island: int, rng: np.random.Generator) -> int:
        """Draws a parent."""
        correct = view.fit_on(island)
        count = max(FEWEST, PAIRS // len(correct))
        pool = correct if len(correct) <= count else rng.choice(correct, size=count, replace=False)
        return int(pool[rng.choice(len(pool), p=self._chances(view, pool, correct))])

    def _chances(self, view: PopulationView, pool: Ints, correct: Ints) -> np.ndarray:
        known = embedded(view, pool)
        weights = np.ones(len(pool))
        if known.any():
            apart = mean_distances(view, pool[known], correct[embedded(view, correct)], self.nearest)
            weights[:] = apart.mean()
            weights[known] = apart
        total = float(weights.sum())
        return weights / total if total > 0 else np.full(len(pool), 1.0 / len(pool))
