"""What became of the proposals of each island: what bandits and rules of allocation learn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from shinka_core.population.view import Floats, IslandStats, PopulationView

Reward = Literal["best", "gain", "improved"]

EPSILON = 1e-8


@dataclass(frozen=True, slots=True)
class Trajectory:
    """The best score of an island around each of its p proposals, in the order in which they came.

    Attributes:
        before: `(p,)`, minus infinity while no program there was correct.
        after: `(p,)`.
    """

    before: Floats
    after: Floats

    @property
    def improved(self) -> Floats:
        """`(p,)` 1 where the best became better, else 0."""
        return (self.after > self.before).astype(np.float64)

    @property
    def gains(self) -> Floats:
        """`(p,)` by which share of the size of the best before, in [0, 1]; 1 for a first correct program.

        The signal of AdaEvolve (arXiv:2602.20133).
        """
        gains = np.where(np.isinf(self.before), self.improved, 0.0)
        known = np.isfinite(self.before)
        half, size = self.before[known] / 2, np.abs(self.before[known]) / 2 + EPSILON / 2
        gains[known] = np.minimum(self.after[known] / 2 - half, size) / size  # half: no difference is beyond a float
        return gains


def trajectory(view: PopulationView, island: int) -> Trajectory:
    """What the proposals of an island brought.

    Programs that came from elsewhere and the one that an island began with are no proposals of it, but what they
    reached has to be improved on.
    """
    members = view.islands[island]
    best = np.maximum.accumulate(np.where(view.correct[members], view.scores[members], -np.inf))
    native = view.births[members[1:]] == island
    return Trajectory(best[:-1][native], best[1:][native])


def rewards(view: PopulationView, islands: IslandStats, reward: Reward) -> list[Floats]:
    """What each proposal of each living island was worth, in [0, 1]; `(p,)` for each island.

    Args:
        reward: `best`: the best score that the island has with it, from 0 for the lowest that any of these islands
            had to 1 for the highest (BaSE, arXiv:2605.29268); `gain`: by which share the best grew; `improved`:
            whether it did.
    """
    trajectories = [trajectory(view, number) for number in islands.numbers.tolist()]
    if reward == "improved":
        return [each.improved for each in trajectories]
    if reward == "gain":
        return [each.gains for each in trajectories]
    levels = np.concatenate([values for each in trajectories for values in (each.before[:1], each.after)])
    levels = levels[np.isfinite(levels)] / 2
    low, high = (levels.min(), levels.max()) if len(levels) else (0.0, 0.0)
    span = high - low if high > low else 1.0
    return [np.where(np.isfinite(each.after), (each.after / 2 - low) / span, 0.0) for each in trajectories]


def best_scores(view: PopulationView, islands: IslandStats) -> Floats:
    """`(k,)` the best score on each living island, NaN where no program is correct."""
    best = np.full(len(islands.numbers), np.nan)
    for index, number in enumerate(islands.numbers.tolist()):
        fit = view.fit_on(number)
        if len(fit):
            best[index] = view.scores[fit].max()
    return best


def drawn(weights: Floats, rng: np.random.Generator) -> int:
    """An index by weight; any one where all weigh nothing."""
    total = weights.sum()
    return int(rng.choice(len(weights), p=weights / total) if total > 0 else rng.integers(len(weights)))


def one_of_the_largest(values: Floats, rng: np.random.Generator) -> int:
    """The index of the largest value, any one of equals."""
    largest = np.flatnonzero(values == values.max())
    return int(largest[rng.integers(len(largest))])
