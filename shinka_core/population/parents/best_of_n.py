"""Independent samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shinka_core.population.parents.protocol import PARENTS
from shinka_core.population.view import PopulationView


@PARENTS.register("best_of_n")
@dataclass(frozen=True, slots=True)
class BestOfN:
    """Always the first correct program that came to the island, so that proposals are independent samples.

    That is the seed program, or what a later island began with. The baseline that any search has to beat.
    """

    def select(self, view: PopulationView, island: int, rng: np.random.Generator) -> int:
        """Takes it."""
        return int(view.fit_on(island)[0])
