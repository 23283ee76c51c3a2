"""The island with the fewest programs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shinka_core.population.islands.protocol import ISLANDS
from shinka_core.population.view import IslandStats, PopulationView


@ISLANDS.register("equal")
@dataclass(frozen=True, slots=True)
class Equal:
    """One of the islands with the fewest programs, those under way included."""

    def select(self, view: PopulationView, islands: IslandStats, rng: np.random.Generator) -> int:
        """Draws among the smallest."""
        smallest = islands.numbers[islands.sizes == islands.sizes.min()]
        return int(smallest[rng.integers(len(smallest))])
