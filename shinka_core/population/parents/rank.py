"""By rank alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from shinka_core.population.parents.protocol import PARENTS
from shinka_core.population.probabilities import rank_probabilities
from shinka_core.population.view import PopulationView


@PARENTS.register("rank")
@dataclass(frozen=True, slots=True)
class Rank:
    """By rank among the island's correct programs: a chance proportional to (1 + rank) ** -power.

    The best has rank 0; programs with equal scores share the chances of their ranks. Neither the scale of scores nor
    the order of programs matters.

    Attributes:
        power: 0: everybody alike; larger is greedier.
    """

    power: Annotated[float, Field(ge=0)] = 1.0

    def select(self, view: PopulationView, island: int, rng: np.random.Generator) -> int:
        """Draws a parent."""
        correct = view.fit_on(island)
        return int(correct[rng.choice(len(correct), p=rank_probabilities(view.scores[correct], self.power))])
