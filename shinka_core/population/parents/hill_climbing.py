"""One program at a time, the best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shinka_core.population.parents.protocol import PARENTS
from shinka_core.population.view import PopulationView


@PARENTS.register("hill_climbing")
@dataclass(frozen=True, slots=True)
class HillClimbing:
    """Always the island's best program, which is its newest improvement.

    Attributes:
        sideways: A later program with an equal score takes over, so that plateaus are walked along.
    """

    sideways: bool = False

    def select(self, view: PopulationView, island: int, rng: np.random.Generator) -> int:
        """Takes it."""
        if not self.sideways:
            return view.best_on(island)
        correct = view.fit_on(island)
        scores = view.scores[correct]
        return int(correct[scores == scores.max()].max())
