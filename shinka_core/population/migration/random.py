"""Each migrant to an island of its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shinka_core.population.migration.migrants import Sending, moves
from shinka_core.population.migration.protocol import MIGRATIONS, Move
from shinka_core.population.view import IslandStats, PopulationView


@MIGRATIONS.register("random")
@dataclass(frozen=True, slots=True)
class Random(Sending):
    """Each migrant goes to any other living island."""

    def plan(self, view: PopulationView, islands: IslandStats, rng: np.random.Generator) -> tuple[Move, ...]:
        """Draws an island's migrants, and then the target of each."""
        numbers = islands.numbers.tolist()
        if len(numbers) == 1:
            return ()
        wanted: list[Move] = []
        for index, source in enumerate(numbers):
            for program in self.migrants(view, source, rng).tolist():
                target = numbers[(index + 1 + int(rng.integers(len(numbers) - 1))) % len(numbers)]
                wanted.append(Move(program, source, target))
        return moves(view, wanted)
