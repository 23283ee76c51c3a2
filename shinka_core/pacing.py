"""How many proposals to keep in flight so that no evaluation slot waits for one.

When a proposal takes longer than an evaluation, as many proposals as evaluations leave evaluation
slots empty. With p seconds per proposal and e per evaluation, K evaluation slots take K/e
candidates a second, for which K·p/e proposals have to be in flight (Little's law).
"""

from __future__ import annotations

import math

# Weight of the newest time in the moving average.
SMOOTHING = 0.2


class MovingAverage:
    """An exponentially weighted mean; None before the first value."""

    def __init__(self) -> None:
        self.value: float | None = None

    def add(self, value: float) -> None:
        """Takes one more value into account."""
        self.value = value if self.value is None else self.value + SMOOTHING * (value - self.value)


class Pacing:
    """The number of proposals to aim at, between the one that was asked for and a multiple of it."""

    def __init__(self, proposals: int, evaluations: int, most: float) -> None:
        """Starts at `proposals`.

        Args:
            proposals: Proposal slots asked for.
            evaluations: Evaluation slots.
            most: Largest multiple of `proposals`; 1 keeps to the number asked for.
        """
        self._least = proposals
        self._most = max(proposals, int(proposals * most))
        self._evaluations = evaluations
        self.proposal_seconds = MovingAverage()
        self.evaluation_seconds = MovingAverage()

    def target(self, waiting: int) -> int:
        """Proposals to have in flight.

        Args:
            waiting: Candidates that wait for an evaluation slot; they make up for proposals.
        """
        proposal, evaluation = self.proposal_seconds.value, self.evaluation_seconds.value
        if proposal is None or evaluation is None:
            return self._least
        wanted = math.ceil(self._evaluations * proposal / max(evaluation, 1e-3)) - waiting
        return min(max(wanted, self._least), self._most)
