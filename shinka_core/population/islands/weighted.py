"""Islands by weights that are given, or by how good and how large they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from shinka_core.errors import ConfigError
from shinka_core.population.islands.protocol import ISLANDS
from shinka_core.population.islands.trajectories import best_scores, drawn
from shinka_core.population.view import Floats, IslandStats, PopulationView

SMALLEST_SCALE = 1e-6


@ISLANDS.register("weighted")
@dataclass(frozen=True, slots=True)
class Weighted:
    """A living island by weight.

    Without given weights an island weighs sigmoid(sharpness · (best − median) / MAD) / (1 + size): its best score
    against those of the others, in median absolute deviations, and as for parents the less the more it has had.

    Attributes:
        weights: By number of the island; one that was made later weighs as much as these on average.
        sharpness: How much better counts, where no weights are given.
    """

    weights: tuple[Annotated[float, Field(ge=0, allow_inf_nan=False)], ...] = ()
    sharpness: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0

    def __post_init__(self) -> None:
        """Refuses weights by which no island could be drawn."""
        if self.weights and not sum(self.weights) > 0:
            raise ConfigError(
                f"island selector 'weighted': weights={list(self.weights)} are all 0; give one island more"
            )

    def select(self, view: PopulationView, islands: IslandStats, rng: np.random.Generator) -> int:
        """Draws one."""
        weights = self._given(islands) if self.weights else self._earned(view, islands)
        return int(islands.numbers[drawn(weights, rng)])

    def _given(self, islands: IslandStats) -> Floats:
        mean = sum(self.weights) / len(self.weights)
        return np.array([self.weights[n] if n < len(self.weights) else mean for n in islands.numbers.tolist()])

    def _earned(self, view: PopulationView, islands: IslandStats) -> Floats:
        best = best_scores(view, islands) / 2  # half, so that no difference is beyond what a float holds
        known = best[~np.isnan(best)]
        if not len(known):
            return 1 / (1.0 + islands.sizes)
        best = np.nan_to_num(best, nan=known.min())
        median = np.median(best)
        scale = max(float(np.median(np.abs(best - median))), SMALLEST_SCALE / 2)
        # Beyond ±50 a sigmoid is 0 or 1 to every digit.
        quality = 1 / (1 + np.exp(-np.clip(self.sharpness * (best - median) / scale, -50, 50)))
        return quality / (1.0 + islands.sizes)
