"""A bandit that is optimistic about what it knows little of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from shinka_core.population.islands.protocol import ISLANDS
from shinka_core.population.islands.trajectories import Reward, one_of_the_largest, rewards
from shinka_core.population.view import Floats, IslandStats, PopulationView


@ISLANDS.register("ucb")
@dataclass(frozen=True, slots=True)
class UCB:
    """The island with the highest upper confidence bound of what its next proposal is worth (UCB1).

    An island's bound is its mean reward + exploration · √(ln t / n), with n its proposals and t those of all living
    islands. Proposals under way count in both, so that those made at once spread out; those that came to nothing
    count as proposals after which the island's best is what it was.

    Attributes:
        reward: What a proposal is worth: `best` (the island's best after it: BaSE, arXiv:2605.29268), `gain` (by
            how much that grew: AdaEvolve, arXiv:2602.20133, with a decay of 0.9 and 3 proposals first), or
            `improved` (whether it did).
        exploration: How much ignorance counts.
        decay: By which factor a reward counts less with every later proposal of its island; 1: all alike.
        first: Proposals that every island has before the bounds decide.
    """

    reward: Reward = "best"
    exploration: Annotated[float, Field(ge=0, allow_inf_nan=False)] = math.sqrt(2)
    decay: Annotated[float, Field(gt=0, le=1)] = 1.0
    first: Annotated[int, Field(ge=1)] = 1

    def select(self, view: PopulationView, islands: IslandStats, rng: np.random.Generator) -> int:
        """Takes one of the highest."""
        history = rewards(view, islands, self.reward)
        tried = np.array([len(values) for values in history]) + islands.under_way
        if tried.min() < self.first:
            return int(islands.numbers[one_of_the_largest(-tried.astype(np.float64), rng)])
        means = np.array([self._mean(values) for values in history])
        bounds = means + self.exploration * np.sqrt(np.log(tried.sum()) / tried)
        return int(islands.numbers[one_of_the_largest(bounds, rng)])

    def _mean(self, values: Floats) -> float:
        if not len(values):
            return 0.0  # all that it has had is under way
        weights = self.decay ** np.arange(len(values) - 1, -1, -1)
        return float(weights @ values / weights.sum())
