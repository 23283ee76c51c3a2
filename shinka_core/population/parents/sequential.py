"""One program after the other, whatever its score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shinka_core.population.parents.protocol import PARENTS
from shinka_core.population.view import PopulationView


@PARENTS.register("sequential")
@dataclass(frozen=True, slots=True)
class Sequential:
    """Always the island's newest correct program: a walk that goes on from wherever it is."""

    def select(self, view: PopulationView, island: int, rng: np.random.Generator) -> int:
        """Takes it."""
        return int(view.fit_on(island).max())
