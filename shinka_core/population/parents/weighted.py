"""Good scores and few children."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from shinka_core.population.parents.protocol import PARENTS
from shinka_core.population.probabilities import weighted_probabilities
from shinka_core.population.view import PopulationView


@PARENTS.register("weighted")
@dataclass(frozen=True, slots=True)
class Weighted:
    """Favours good scores and few children, among the archive's members on the island; without any, its best program.

    See `weighted_probabilities` for the formula (ShinkaEvolve, arXiv:2509.19349).

    Attributes:
        sharpness: Lambda; larger is greedier.
    """

    sharpness: Annotated[float, Field(gt=0)] = 10.0

    def select(self, view: PopulationView, island: int, rng: np.random.Generator) -> int:
        """Draws a parent."""
        elites = view.elites_on(island)
        if not len(elites):
            return view.best_on(island)
        chances = weighted_probabilities(view.scores[elites], view.children[elites], self.sharpness)
        return int(elites[rng.choice(len(elites), p=chances)])
