"""Which program the next proposal starts from."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from shinka_core.population.view import PopulationView
from shinka_core.registry import Registry


class ParentSelector(Protocol):
    """Chooses a parent."""

    def select(self, view: PopulationView, island: int, rng: np.random.Generator) -> int:
        """The position of a correct program that lives on the island; there is at least one."""
        ...


PARENTS = Registry[ParentSelector]("parent selector", "shinka.parents", ("select",))
