"""Programs that are best where the parent is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from shinka_core.population.frontier import instance_frontier
from shinka_core.population.inspirations.protocol import INSPIRATIONS
from shinka_core.population.view import Ints, PopulationView


@INSPIRATIONS.register("pareto")
@dataclass(frozen=True, slots=True)
class Pareto:
    """Programs of the island that are best on instances on which the parent is not.

    They are drawn among those that it takes to be best on every instance (see `instance_frontier`), with a chance
    proportional to on how many of the parent's weak instances each is best. Where the evaluator gives no instance
    scores, they are the island's best.

    Attributes:
        count: How many, at most.
    """

    count: Annotated[int, Field(ge=0)] = 1

    def select(
        self, view: PopulationView, island: int, parent: int, taken: tuple[int, ...], rng: np.random.Generator
    ) -> tuple[int, ...]:
        """Draws them."""
        correct = view.fit_on(island)
        members, holds = instance_frontier(view, correct)
        if not len(members):
            return self._best(view, correct[~np.isin(correct, [parent, *taken])])
        best = np.nanmax(view.instance_scores[correct][:, holds.any(axis=0)], axis=0)
        weak = ~(view.instance_scores[parent, holds.any(axis=0)] >= best)
        weights = holds[:, holds.any(axis=0)][:, weak].sum(axis=1) * ~np.isin(members, [parent, *taken])
        count = min(self.count, int(np.count_nonzero(weights)))
        if not count:
            return ()
        return tuple(rng.choice(members, size=count, replace=False, p=weights / weights.sum()).tolist())

    def _best(self, view: PopulationView, programs: Ints) -> tuple[int, ...]:
        return tuple(programs[np.argsort(-view.scores[programs], kind="stable")][: self.count].tolist())
