"""A bandit that draws what each island may be worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from shinka_core.population.islands.protocol import ISLANDS
from shinka_core.population.islands.trajectories import Reward, rewards
from shinka_core.population.view import Floats, IslandStats, PopulationView


@ISLANDS.register("thompson")
@dataclass(frozen=True, slots=True)
class Thompson:
    """The island for which the draw from what is believed of its proposals' worth is the highest.

    Of whether proposals improve (`improved`) a Beta distribution is believed, Beta(1, 1) before the first. Of other
    rewards a normal distribution of the mean is believed, around `prior` with the weight of one proposal before
    the first. A proposal that came to nothing counts as one after which the island's best is what it was.

    Attributes:
        reward: What a proposal is worth: `best` (the island's best after it: BaSE, arXiv:2605.29268, with the same
            distribution and the same sigma), `gain` (by how much that grew), or `improved` (whether it did).
        prior: What is believed of an island before its first proposal, in [0, 1]; 1 has every island tried.
        sigma: Standard deviation of one reward, not used with `improved`.
        decay: By which factor a reward counts less with every later proposal of its island; 1: all alike.
    """

    reward: Reward = "best"
    prior: Annotated[float, Field(ge=0, le=1)] = 0.5
    sigma: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.1
    decay: Annotated[float, Field(gt=0, le=1)] = 1.0

    def select(self, view: PopulationView, islands: IslandStats, rng: np.random.Generator) -> int:
        """Draws once for each living island."""
        history = rewards(view, islands, self.reward)
        weights = [self.decay ** np.arange(len(values) - 1, -1, -1) for values in history]
        counts = np.array([each.sum() for each in weights])
        sums = np.array([each @ values for each, values in zip(weights, history, strict=True)])
        draws: Floats
        if self.reward == "improved":
            draws = rng.beta(1 + sums, 1 + counts - sums)
        else:
            draws = rng.normal((self.prior + sums) / (1 + counts), self.sigma / np.sqrt(1 + counts))
        return int(islands.numbers[int(np.argmax(draws))])
