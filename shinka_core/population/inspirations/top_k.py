"""The island's best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from shinka_core.population.inspirations.protocol import INSPIRATIONS
from shinka_core.population.view import PopulationView


@INSPIRATIONS.register("top_k")
@dataclass(frozen=True, slots=True)
class TopK:
    """The island's best, in the order of their scores (ShinkaEvolve, arXiv:2509.19349).

    They are looked for among the `count + 1` best: where the parent is one of these and another is taken already,
    there are fewer than `count`.

    Attributes:
        count: How many, at most.
    """

    count: Annotated[int, Field(ge=0)] = 1

    def select(
        self, view: PopulationView, island: int, parent: int, taken: tuple[int, ...], rng: np.random.Generator
    ) -> tuple[int, ...]:
        """Takes them."""
        correct = view.fit_on(island)
        if len(correct) > self.count + 1:  # without sorting all of the island
            correct = correct[np.argpartition(-view.scores[correct], self.count + 1)[: self.count + 1]]
        best = sorted((int(i) for i in correct if i != parent and i not in taken), key=lambda i: -view.scores[i])
        return tuple(best[: self.count])
