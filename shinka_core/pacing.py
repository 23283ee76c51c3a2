"""How many proposals to keep in flight so that no evaluation slot waits for one, and no candidate waits for long.

When a proposal takes longer than an evaluation, as many proposals as evaluations leave evaluation
slots empty. With p seconds per proposal and e per evaluation, K evaluation slots take K/e
candidates a second, for which K·p/e proposals have to be in flight (Little's law). When it takes less, what is
proposed beyond that waits for a slot while its parent grows old: others have been evaluated meanwhile that it knows nothing of.
"""

from __future__ import annotations

import math

# Weight of the newest time in the moving average.
SMOOTHING = 0.2
# Of the proposals that slots need on the average: some come to nothing, and some take longer.
AMPLE = 1.5


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
        self._width = proposals + evaluations
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

    def in_flight(self, waiting: int) -> int:
        """Generations to have in flight: evaluated, waiting for that, and proposed.

        A slot that might have stayed empty lets in a few more than before, until candidates wait again.

        Args:
            waiting: Candidates that wait for an evaluation slot.
        """
        proposal, evaluation = self.proposal_seconds.value, self.evaluation_seconds.value
        spare = math.ceil(self._evaluations / 2)
        if proposal is not None and evaluation is not None:
            needed = math.ceil(AMPLE * self._evaluations * proposal / max(evaluation, 1e-3))
            self._width = self._width + spare if not waiting else self._evaluations + spare + max(needed, 1)
        self._width = min(self._width, self.most_in_flight)
        return self._width

    @property
    def most_in_flight(self) -> int:
        """Generations in flight at most: a round of proposals may wait while another one is made."""
        return 2 * self._most + self._evaluations
