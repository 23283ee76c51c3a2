"""Islands that stay independent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shinka_core.population.migration.protocol import MIGRATIONS, Move
from shinka_core.population.view import IslandStats, PopulationView


@MIGRATIONS.register("none")
@dataclass(frozen=True, slots=True)
class NoMigration:
    """Nobody moves."""

    def plan(self, view: PopulationView, islands: IslandStats, rng: np.random.Generator) -> tuple[Move, ...]:
        """No moves."""
        return ()
