"""Everybody alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shinka_core.population.parents.protocol import PARENTS
from shinka_core.population.view import PopulationView


@PARENTS.register("uniform")
@dataclass(frozen=True, slots=True)
class Uniform:
    """Any correct program of the island, with the same chance: random search over what there is."""

    def select(self, view: PopulationView, island: int, rng: np.random.Generator) -> int:
        """Draws a parent."""
        correct = view.fit_on(island)
        return int(correct[rng.integers(len(correct))])
