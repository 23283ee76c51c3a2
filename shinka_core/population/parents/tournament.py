"""The best of a few that were drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from shinka_core.population.parents.protocol import PARENTS
from shinka_core.population.view import PopulationView


@PARENTS.register("tournament")
@dataclass(frozen=True, slots=True)
class Tournament:
    """The best of some of the island's correct programs, drawn with replacement.

    Of n programs with different scores, the one of rank r (the best has 0) is chosen with probability
    ((n - r) ** size - (n - r - 1) ** size) / n ** size.

    Attributes:
        size: How many are drawn; 1: everybody alike; larger is greedier.
    """

    size: Annotated[int, Field(ge=1, le=10_000)] = 3

    def select(self, view: PopulationView, island: int, rng: np.random.Generator) -> int:
        """Draws a parent."""
        correct = view.fit_on(island)
        drawn = correct[rng.integers(len(correct), size=self.size)]
        return int(drawn[np.argmax(view.scores[drawn])])
