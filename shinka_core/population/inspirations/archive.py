"""Of the archive's members."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from shinka_core.population.inspirations.protocol import INSPIRATIONS
from shinka_core.population.view import PopulationView


@INSPIRATIONS.register("archive")
@dataclass(frozen=True, slots=True)
class FromArchive:
    """Draws members of the archive; half of them, rounded up, of its elite (ShinkaEvolve, arXiv:2509.19349).

    Attributes:
        count: How many.
        elite_ratio: The archive's best share, which is its elite, in [0, 1].
        separate: Only members that live on the parent's island.
    """

    count: Annotated[int, Field(ge=0)] = 1
    elite_ratio: Annotated[float, Field(ge=0, le=1)] = 0.3
    separate: bool = True

    def select(
        self, view: PopulationView, island: int, parent: int, taken: tuple[int, ...], rng: np.random.Generator
    ) -> tuple[int, ...]:
        """Draws of the elite, and then of all that are left."""
        archive = view.elites_on(island) if self.separate else view.elites
        pool = sorted((int(i) for i in archive if i != parent and i not in taken), key=lambda i: -view.scores[i])
        chosen = _draw(rng, pool[: math.ceil(self.elite_ratio * len(pool))], math.ceil(self.count / 2))
        chosen += _draw(rng, [i for i in pool if i not in chosen], self.count - len(chosen))
        return tuple(chosen)


def _draw(rng: np.random.Generator, pool: list[int], count: int) -> list[int]:
    count = min(count, len(pool))
    return [pool[int(i)] for i in rng.choice(len(pool), size=count, replace=False)] if count > 0 else []
