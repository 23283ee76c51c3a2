"""Good programs unlike the parent."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from shinka_core.population.distances import distances, embedded
from shinka_core.population.inspirations.protocol import INSPIRATIONS
from shinka_core.population.view import PopulationView


@INSPIRATIONS.register("diverse")
@dataclass(frozen=True, slots=True)
class Diverse:
    """Of the island's good programs those most distant from the parent, from what is taken, and from each other.

    One after the other is chosen whose distance (1 minus the cosine of the embeddings) to the nearest of these is the
    largest, the better of equals. AdaEvolve shows the most distant of the upper half as well (arXiv:2602.20133).
    Programs without an embedding are not chosen. Where the parent has none or none of the good has one, they are drawn
    alike of the good.

    Attributes:
        count: How many.
        good: The island's best share of correct programs, in (0, 1].
    """

    count: Annotated[int, Field(ge=0)] = 1
    good: Annotated[float, Field(gt=0, le=1)] = 0.5

    def select(
        self, view: PopulationView, island: int, parent: int, taken: tuple[int, ...], rng: np.random.Generator
    ) -> tuple[int, ...]:
        """Chooses them, the most distant first."""
        correct = view.fit_on(island)
        ranked = correct[np.argsort(-view.scores[correct], kind="stable")][: math.ceil(self.good * len(correct))]
        pool = ranked[~np.isin(ranked, [parent, *taken])]
        known = embedded(view, pool)
        if not known.any() or not embedded(view, np.array([parent])).all():
            return tuple(rng.choice(pool, size=min(self.count, len(pool)), replace=False).tolist())
        pool = pool[known]
        shown = np.array([parent, *taken])
        apart = distances(view, shown[embedded(view, shown)], pool).min(axis=0)
        chosen: list[int] = []
        while len(chosen) < min(self.count, len(pool)):
            if chosen:
                apart = np.minimum(apart, distances(view, np.array(chosen[-1:]), pool)[0])
                apart[pool == chosen[-1]] = -1.0
            chosen.append(int(pool[np.argmax(apart)]))
        return tuple(chosen)
