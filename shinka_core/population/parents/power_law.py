"""By rank, elites more often."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from shinka_core.population.parents.protocol import PARENTS
from shinka_core.population.probabilities import power_law_probabilities
from shinka_core.population.view import PopulationView


@PARENTS.register("power_law")
@dataclass(frozen=True, slots=True)
class PowerLaw:
    """By rank, among the archive's members on the island with some probability, else among all correct programs.

    A program's chance is proportional to (1 + rank) ** -alpha (ShinkaEvolve, arXiv:2509.19349).

    Attributes:
        alpha: 0: everybody alike; larger is greedier.
        exploitation_ratio: How often it is drawn among the archive's members, in [0, 1].
    """

    alpha: Annotated[float, Field(ge=0)] = 1.0
    exploitation_ratio: Annotated[float, Field(ge=0, le=1)] = 0.2

    def select(self, view: PopulationView, island: int, rng: np.random.Generator) -> int:
        """Draws a parent."""
        elites = view.elites_on(island)
        pool = elites if len(elites) and rng.random() < self.exploitation_ratio else view.fit_on(island)
        return int(pool[rng.choice(len(pool), p=power_law_probabilities(view.scores[pool], self.alpha))])
