"""The parent's family."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from shinka_core.population.inspirations.protocol import INSPIRATIONS
from shinka_core.population.view import NO_PARENT, PopulationView


@INSPIRATIONS.register("lineage")
@dataclass(frozen=True, slots=True)
class Lineage:
    """Correct programs of the parent's family, wherever they live: how it came about, and what else was tried.

    Attributes:
        ancestors: How many of those that the parent descends from, the nearest first.
        siblings: How many other children of the parent's own parent, the best first.
        children: How many of the parent's earlier children, the best first: AdaEvolve shows them to what will be
            their sibling (arXiv:2602.20133).
    """

    ancestors: Annotated[int, Field(ge=0)] = 1
    siblings: Annotated[int, Field(ge=0)] = 1
    children: Annotated[int, Field(ge=0)] = 0

    def select(
        self, view: PopulationView, island: int, parent: int, taken: tuple[int, ...], rng: np.random.Generator
    ) -> tuple[int, ...]:
        """Takes ancestors, then siblings, then children."""
        left = {parent, *taken}
        family: list[int] = []
        ancestor = int(view.parents[parent])
        while ancestor != NO_PARENT and len(family) < self.ancestors:
            if view.correct[ancestor] and ancestor not in left:
                family.append(ancestor)
            ancestor = int(view.parents[ancestor])
        origin = int(view.parents[parent])
        siblings = _best_born_of(view, origin, self.siblings, left) if origin != NO_PARENT else ()
        return (*family, *siblings, *_best_born_of(view, parent, self.children, left))


def _best_born_of(view: PopulationView, program: int, count: int, left: set[int]) -> tuple[int, ...]:
    born = np.flatnonzero(view.correct & (view.parents == program))
    born = born[~np.isin(born, list(left))]
    return tuple(born[np.argsort(-view.scores[born], kind="stable")][:count].tolist())
