"""An upper confidence bound of how much arms gain, for what they cost; what loses is as good as what gains nothing.

The idea that ShinkaEvolve chooses its models by. The mean of an arm's gains is a soft one, log(mean(exp(gain))), so
that a rare large gain outweighs many small ones; means are taken relative to the range that the arms span; and the
optimistic gain is divided by a power of an optimistic cost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from shinka_core.bandit.protocol import BANDITS, Arm, Offer, Outcome, arms_of

Vector = NDArray[np.float64]
# Of the dearest arm's cost: nothing is taken to be cheaper, or a free model would win whatever it makes.
CHEAPEST = 0.05
# A gain beyond it is one of a broken scale; sums stay finite.
LARGEST = 1e300


@dataclass(slots=True)
class _Known:
    """What came of one arm: pulls, those of them whose cost is known, log of the sum of exp(sharpness · gain), US dollars, seconds."""

    pulls: float = 0.0
    priced: float = 0.0
    log_sum: float = -np.inf
    cost: float = 0.0
    seconds: float = 0.0


@BANDITS.register("asymmetric_ucb")
@dataclass(slots=True)
class AsymmetricUCB:
    """Optimism over soft means of gains, with some arms at random.

    A pull under way counts as one that gave nothing, so that parallel pulls spread.

    Attributes:
        exploration: Factor of the bonus for arms that are little known.
        epsilon: Probability of an arm drawn uniformly.
        sharpness: How much more a large gain counts than several small ones of the same sum.
        decay: What earlier outcomes count after each one, at most 1.
        cost_power: Of the cost by which the bound is divided; 0 leaves costs out.
        seconds_power: The same for the seconds of evaluations, those on the way to a candidate included.
    """

    exploration: Annotated[float, Field(ge=0)] = 1.0
    epsilon: Annotated[float, Field(ge=0, le=1)] = 0.2
    sharpness: Annotated[float, Field(gt=0)] = 1.0
    decay: Annotated[float, Field(gt=0, le=1)] = 1.0
    cost_power: Annotated[float, Field(ge=0)] = 0.5
    seconds_power: Annotated[float, Field(ge=0)] = 0.0
    _known: dict[Arm, _Known] = field(default_factory=dict[Arm, _Known], init=False, repr=False)

    def pull(self, offers: Sequence[Offer], under_way: Mapping[Arm, int], rng: np.random.Generator) -> Arm:
        """Takes the arm with the most optimistic gain for its cost; arms never pulled come first, ties are drawn."""
        arms = arms_of(offers)
        waiting = np.array([under_way.get(arm, 0) for arm in arms], dtype=np.float64)
        unseen = [index for index, arm in enumerate(arms) if not waiting[index] and arm not in self._known]
        if unseen:
            return arms[unseen[int(rng.integers(len(unseen)))]]
        if rng.random() < self.epsilon:
            return arms[int(rng.integers(len(arms)))]
        values = self.values(arms, waiting)
        return arms[int(rng.choice(np.flatnonzero(values == values.max())))]

    def values(self, arms: Sequence[Arm], waiting: Vector) -> Vector:
        """The optimistic gain of each arm, divided by a power of its optimistic cost, `(n,)`.

        Args:
            waiting: Pulls of each that are under way, `(n,)`.
        """
        known = [self._known.get(arm) or _Known() for arm in arms]
        seen = np.array([one.pulls for one in known])
        pulls = np.maximum(seen + waiting, np.finfo(float).tiny)
        with np.errstate(divide="ignore"):
            means = np.logaddexp([one.log_sum for one in known], np.log(waiting)) - np.log(pulls)
        low, high = float(means.min()), float(means.max())
        relative = (means - low) / (high - low) if high > low else np.zeros(len(arms))
        bonus = self.exploration * np.sqrt(2 * np.log(max(float(pulls.sum()), 1.0)) / pulls)
        bounds = relative + bonus
        priced = np.array([one.priced for one in known])
        dollars = _each([one.cost for one in known], priced)
        # What nobody knows is taken to be as dear as the dearest that is known: an arm is not chosen for that.
        dollars = np.where((seen > 0) & (priced == 0), dollars.max(), dollars)
        spent = ((dollars, self.cost_power), (_each([one.seconds for one in known], seen), self.seconds_power))
        for costs, power in spent:
            if power and costs.max() > 0:
                bounds = bounds / np.maximum(costs / costs.max() * np.maximum(1.0 - bonus, 0.0), CHEAPEST) ** power
        return bounds

    def observe(self, outcome: Outcome) -> None:
        """Counts the pull, what it gained and what it cost."""
        for one in self._known.values() if self.decay < 1 else ():
            one.pulls *= self.decay
            one.priced *= self.decay
            one.cost *= self.decay
            one.seconds *= self.decay
            one.log_sum += np.log(self.decay)
        one = self._known.setdefault(outcome.arm, _Known())
        one.pulls += 1
        one.priced += outcome.cost is not None
        one.cost += outcome.cost or 0.0
        one.seconds += outcome.seconds
        one.log_sum = float(np.logaddexp(one.log_sum, min(self.sharpness * max(outcome.gain or 0.0, 0.0), LARGEST)))


def _each(sums: Sequence[float], counts: Vector) -> Vector:
    """Means, 0 of none, `(n,)`."""
    return np.array(sums) / np.maximum(counts, np.finfo(float).tiny)
