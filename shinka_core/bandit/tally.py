"""What came of each arm, in sums."""

from __future__ import annotations

from dataclasses import dataclass, field

from shinka_core.bandit.protocol import Arm


@dataclass(slots=True)
class Tally:
    """Sums over the pulls of one arm whose outcome is known.

    Attributes:
        pulls: Those that gave nothing included.
        reward: In the bandit's own measure.
        cost: US dollars.
    """

    pulls: float = 0.0
    reward: float = 0.0
    cost: float = 0.0


@dataclass(slots=True)
class Tallies:
    """One for every arm that was ever pulled."""

    of: dict[Arm, Tally] = field(default_factory=dict[Arm, Tally])

    def add(self, arm: Arm, reward: float, cost: float = 0.0) -> None:
        """Counts a pull."""
        tally = self.of.setdefault(arm, Tally())
        tally.pulls += 1
        tally.reward += reward
        tally.cost += cost

    def fade(self, factor: float) -> None:
        """Has what is known count less, by that factor."""
        for tally in self.of.values():
            tally.pulls *= factor
            tally.reward *= factor
            tally.cost *= factor

    def __getitem__(self, arm: Arm) -> Tally:
        return self.of.get(arm) or Tally()
