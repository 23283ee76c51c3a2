"""Which programs a model is shown beside the parent."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from shinka_core.population.inspirations.protocol import INSPIRATIONS, InspirationSelector
from shinka_core.population.view import PopulationView

__all__ = ["INSPIRATIONS", "FromArchive", "InspirationSelector", "TopK"]


@INSPIRATIONS.register("archive")
@dataclass(frozen=True, slots=True)
class FromArchive:
    """Members of the archive; half of them, rounded up, of its elite."""

    count: int = 1
    elite_ratio: float = 0.3
    separate: bool = True

    def select(
        self, view: PopulationView, island: int, parent: int, taken: tuple[int, ...], rng: np.random.Generator
    ) -> tuple[int, ...]:
        """Draws inspirations."""
        archive = view.elites_on(island) if self.separate else view.elites
        pool = sorted((int(i) for i in archive if i != parent and i not in taken), key=lambda i: -view.scores[i])
        chosen = _draw(rng, pool[: math.ceil(self.elite_ratio * len(pool))], math.ceil(self.count / 2))
        chosen += _draw(rng, [i for i in pool if i not in chosen], self.count - len(chosen))
        return tuple(chosen)


@INSPIRATIONS.register("top_k")
@dataclass(frozen=True, slots=True)
class TopK:
    """The island's best."""

    count: int = 1

    def select(
        self, view: PopulationView, island: int, parent: int, taken: tuple[int, ...], rng: np.random.Generator
    ) -> tuple[int, ...]:
        """Takes them in the order of their scores."""
        correct = view.fit_on(island)
        if len(correct) > self.count + 1:
            correct = correct[np.argpartition(-view.scores[correct], self.count + 1)[: self.count + 1]]
        best = sorted((int(i) for i in correct if i != parent and i not in taken), key=lambda i: -view.scores[i])
        return tuple(best[: self.count])


def _draw(rng: np.random.Generator, pool: list[int], count: int) -> list[int]:
    count = min(count, len(pool))
    return [pool[int(i)] for i in rng.choice(len(pool), size=count, replace=False)] if count > 0 else []
