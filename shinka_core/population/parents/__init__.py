"""Which program the next proposal starts from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shinka_core.population.parents.protocol import PARENTS, ParentSelector
from shinka_core.population.view import PopulationView
from shinka_core.selection.parents import draw_power_law, draw_weighted

__all__ = ["PARENTS", "ParentSelector", "PowerLaw", "Weighted"]


@PARENTS.register("weighted")
@dataclass(frozen=True, slots=True)
class Weighted:
    """Good scores and few children, among the archive's members on the island; without any, its best program."""

    sharpness: float = 10.0

    def select(self, view: PopulationView, island: int, rng: np.random.Generator) -> int:
        """Draws a parent."""
        elites = view.elites_on(island)
        if not len(elites):
            correct = view.fit_on(island)
            return int(correct[int(np.argmax(view.scores[correct]))])
        return int(elites[draw_weighted(rng, view.scores[elites], view.children[elites], self.sharpness)])


@PARENTS.register("power_law")
@dataclass(frozen=True, slots=True)
class PowerLaw:
    """By rank, among the archive's members on the island with some probability, else among all correct programs."""

    alpha: float = 1.0
    exploitation_ratio: float = 0.2

    def select(self, view: PopulationView, island: int, rng: np.random.Generator) -> int:
        """Draws a parent."""
        elites = view.elites_on(island)
        pool = elites if len(elites) and rng.random() < self.exploitation_ratio else view.fit_on(island)
        return int(pool[draw_power_law(rng, view.scores[pool], self.alpha)])
