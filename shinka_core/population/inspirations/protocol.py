"""Which programs a model is shown beside the parent."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from shinka_core.population.view import PopulationView
from shinka_core.registry import Registry


class InspirationSelector(Protocol):
    """Chooses inspirations; several selectors may be asked one after the other."""

    def select(
        self, view: PopulationView, island: int, parent: int, taken: tuple[int, ...], rng: np.random.Generator
    ) -> tuple[int, ...]:
        """Positions of programs, none twice, never the parent or one that is `taken` already; perhaps none."""
        ...


INSPIRATIONS = Registry[InspirationSelector]("inspiration selector", "shinka.inspirations", ("select",))
