"""From each island to the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shinka_core.population.migration.migrants import Sending, moves
from shinka_core.population.migration.protocol import MIGRATIONS, Move
from shinka_core.population.view import IslandStats, PopulationView


@MIGRATIONS.register("ring")
@dataclass(frozen=True, slots=True)
class Ring(Sending):
    """All migrants of an island go to the living island that follows it, those of the last to the first."""

    def plan(self, view: PopulationView, islands: IslandStats, rng: np.random.Generator) -> tuple[Move, ...]:
        """Draws an island's migrants; the ring closes over islands that have been retired."""
        numbers = islands.numbers.tolist()
        if len(numbers) == 1:
            return ()
        return moves(
            view,
            (
                Move(program, source, target)
                for source, target in zip(numbers, [*numbers[1:], numbers[0]], strict=True)
                for program in self.migrants(view, source, rng).tolist()
            ),
        )
