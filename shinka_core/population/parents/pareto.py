"""Programs that are best somewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shinka_core.population.frontier import instance_frontier
from shinka_core.population.parents.protocol import PARENTS
from shinka_core.population.view import PopulationView


@PARENTS.register("pareto")
@dataclass(frozen=True, slots=True)
class Pareto:
    """Programs that are best on some of the evaluator's instances: a chance proportional to on how many.

    Among those that it takes to be best on every instance (see `instance_frontier`), as GEPA chooses candidates
    (arXiv:2507.19457). Where the evaluator gives no instance scores, it is the island's best program.
    """

    def select(self, view: PopulationView, island: int, rng: np.random.Generator) -> int:
        """Draws a parent."""
        members, holds = instance_frontier(view, view.fit_on(island))
        if not len(members):
            return view.best_on(island)
        held = holds.sum(axis=1)
        return int(members[rng.choice(len(members), p=held / held.sum())])
