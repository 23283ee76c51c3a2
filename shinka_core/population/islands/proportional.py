"""Islands by how good they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from shinka_core.population.islands.protocol import ISLANDS
from shinka_core.population.islands.trajectories import best_scores, drawn
from shinka_core.population.view import IslandStats, PopulationView


@ISLANDS.register("proportional")
@dataclass(frozen=True, slots=True)
class Proportional:
    """A living island in proportion to its best score.

    Where a best score is negative, the lowest of them counts as 0. An island without a correct program counts as the
    lowest.

    Attributes:
        floor: Share of the draws that is spread over all islands alike, so that none is left for good.
    """

    floor: Annotated[float, Field(ge=0, le=1)] = 0.1

    def select(self, view: PopulationView, islands: IslandStats, rng: np.random.Generator) -> int:
        """Draws one."""
        # A share of the most that sums and differences of scores may reach.
        best = best_scores(view, islands) / (2 * len(islands.numbers))
        known = best[~np.isnan(best)]
        lowest = known.min() if len(known) else 0.0
        weights = np.nan_to_num(best, nan=lowest) - min(lowest, 0.0)
        if weights.sum() > 0:
            weights = (1 - self.floor) * weights / weights.sum() + self.floor / len(weights)
        return int(islands.numbers[drawn(weights, rng)])
