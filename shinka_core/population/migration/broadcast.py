"""From each island to all others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shinka_core.population.migration.migrants import Sending, moves
from shinka_core.population.migration.protocol import MIGRATIONS, Move
from shinka_core.population.view import IslandStats, PopulationView


@MIGRATIONS.register("broadcast")
@dataclass(frozen=True, slots=True)
class Broadcast(Sending):
    """All migrants of an island go to every other living island."""

    def plan(self, view: PopulationView, islands: IslandStats, rng: np.random.Generator) -> tuple[Move, ...]:
        """Draws an island's migrants once for all targets."""
        numbers = islands.numbers.tolist()
        if len(numbers) == 1:
            return ()
        return moves(
            view,
            (
                Move(program, source, target)
                for source in numbers
                for program in self.migrants(view, source, rng).tolist()
                for target in numbers
                if target != source
            ),
        )
