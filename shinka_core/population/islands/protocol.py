"""Which island the next proposal belongs to: how the budget is spread over trajectories."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from shinka_core.population.view import IslandStats, PopulationView
from shinka_core.registry import Registry


class IslandSelector(Protocol):
    """Chooses an island."""

    def select(self, view: PopulationView, islands: IslandStats, rng: np.random.Generator) -> int:
        """The number of a living island."""
        ...


ISLANDS = Registry[IslandSelector]("island selector", "shinka.islands", ("select",))
