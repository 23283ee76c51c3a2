"""Every island alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shinka_core.population.islands.protocol import ISLANDS
from shinka_core.population.view import IslandStats, PopulationView


@ISLANDS.register("uniform")
@dataclass(frozen=True, slots=True)
class Uniform:
    """Any living island, with the same chance."""

    def select(self, view: PopulationView, islands: IslandStats, rng: np.random.Generator) -> int:
        """Draws one."""
        return int(islands.numbers[rng.integers(len(islands.numbers))])
