"""What became of the proposals of each island: what bandits and rules of allocation learn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from shinka_core.population.view import Floats, Ints, IslandStats, PopulationView

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

    def gains(self, size: float) -> Floats:
        """`(p,)` by which share of a size the best grew, in [0, 1]; 1 for a first correct program."""
        gains = np.where(np.isinf(self.before), self.improved, 0.0)
        known = np.isfinite(self.before)
        unit = abs(size) / 2 + EPSILON / 2  # half, as below: no difference is beyond what a float holds
        gains[known] = np.minimum(self.after[known] / 2 - self.before[known] / 2, unit) / unit
        return gains


def trajectory(view: PopulationView, island: int, failures: Ints | None = None) -> Trajectory:
    """What the proposals of an island brought.

    Programs that came from elsewhere and the one that an island began with are no proposals of it, but what they
    reached has to be improved on.

    Args:
        failures: `(f,)` how many programs lived there when each proposal that came to nothing ended: after it the
            best is what it was before.
    """
    members = view.islands[island]
    best = np.maximum.accumulate(np.where(view.correct[members], view.scores[members], -np.inf))
    best = np.concatenate([[-np.inf], best])  # after so many programs
    native = np.flatnonzero(view.births[members[1:]] == island) + 1
    failed = np.empty(0, dtype=np.int64) if failures is None else np.minimum(failures, len(members))
    # A failure after the first i programs lies between the program at i - 1 and the one at i.
    order = np.argsort(np.concatenate([2 * native, 2 * failed - 1]), kind="stable")
    before, after = np.concatenate([native, failed])[order], np.concatenate([native + 1, failed])[order]
    return Trajectory(best[before], best[after])


def trajectories(view: PopulationView, islands: IslandStats) -> list[Trajectory]:
    """What the proposals of each living island brought, those that came to nothing included."""
    none = [None] * len(islands.numbers)
    failures = islands.failures or none
    return [trajectory(view, number, failed) for number, failed in zip(islands.numbers.tolist(), failures, strict=True)]


def rewards(view: PopulationView, islands: IslandStats, reward: Reward) -> list[Floats]:
    """What each proposal of each living island was worth, in [0, 1]; `(p,)` for each island.

    Args:
        reward: `best`: the best score that the island has with it, from 0 for the lowest that any of these islands
            had to 1 for the highest, so that a failure is worth what the island has (BaSE, arXiv:2605.29268, whose
            scores lie in [0, 1] by themselves); `gain`: by how much the island's best grew, as a share of the size
            of the best of all these islands, so that a weak island does not seem to do well because its own numbers
            are small (AdaEvolve, arXiv:2602.20133); `improved`: whether it grew.
    """
    every = trajectories(view, islands)
    if reward == "improved":
        return [each.improved for each in every]
    if reward == "gain":
        best = best_scores(view, islands)
        size = float(np.nanmax(best)) if np.isfinite(best).any() else 0.0
        return [each.gains(size) for each in every]
    levels = np.concatenate([values for each in every for values in (each.before[:1], each.after)])
    levels = levels[np.isfinite(levels)] / 2
    low, high = (levels.min(), levels.max()) if len(levels) else (0.0, 0.0)
    span = high - low if high > low else 1.0
    return [np.where(np.isfinite(each.after), (each.after / 2 - low) / span, 0.0) for each in every]


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
