"""What came of each arm, in sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from shinka_core.bandit.protocol import Arm

# Of the slowest arm's seconds: nothing is taken to be quicker, or an arm that fails at once would win by that alone.
QUICKEST = 0.01


@dataclass(slots=True)
class Tally:
    """Sums over the pulls of one arm whose outcome is known.

    Attributes:
        pulls: Those that gave nothing included.
        reward: In the bandit's own measure.
        cost: US dollars, as far as they are known.
        seconds: Of evaluations.
    """

    pulls: float = 0.0
    reward: float = 0.0
    cost: float = 0.0
    seconds: float = 0.0


@dataclass(slots=True)
class Tallies:
    """One for every arm that was ever pulled."""

    of: dict[Arm, Tally] = field(default_factory=dict[Arm, Tally])

    def add(self, arm: Arm, reward: float, cost: float | None = 0.0, seconds: float = 0.0) -> None:
        """Counts a pull."""
        tally = self.of.setdefault(arm, Tally())
        tally.pulls += 1
        tally.reward += reward
        tally.cost += cost or 0.0
        tally.seconds += seconds

    def fade(self, factor: float) -> None:
        """Has what is known count less, by that factor."""
        for tally in self.of.values():
            tally.pulls *= factor
            tally.reward *= factor
            tally.cost *= factor
            tally.seconds *= factor

    def relative_seconds(self, arms: Sequence[Arm]) -> NDArray[np.float64]:
        """Evaluation seconds of a pull of each arm, `(n,)`, relative to those of the slowest one; 1 for those not known."""
        tallies = [self[arm] for arm in arms]
        means = np.array([tally.seconds / tally.pulls if tally.pulls else np.nan for tally in tallies])
        slowest = np.nan_to_num(means).max(initial=0.0)
        if not slowest > 0:
            return np.ones(len(tallies))
        return np.maximum(np.nan_to_num(means / slowest, nan=1.0), QUICKEST)

    def __getitem__(self, arm: Arm) -> Tally:
        return self.of.get(arm) or Tally()
