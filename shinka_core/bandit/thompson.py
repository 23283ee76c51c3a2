"""Thompson sampling of the chance that a program is better than what it was made from.

W. R. Thompson: On the likelihood that one unknown probability exceeds another. Biometrika 25, 1933.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
from pydantic import Field

from shinka_core.bandit.protocol import BANDITS, Arm, Offer, Outcome, arms_of
from shinka_core.bandit.tally import Tallies


@BANDITS.register("thompson")
@dataclass(slots=True)
class Thompson:
    """Draws each arm's chance from its Beta posterior and takes the largest.

    A pull under way counts as one that gave nothing, so that parallel pulls spread.

    Attributes:
        successes, failures: Of the Beta prior.
        decay: What earlier outcomes count after each one, at most 1; below it, what paid early does not rule for ever.
        seconds_power: Of the evaluation seconds of a pull by which a chance is divided; 0 leaves them out, and with 1
            a pull of twenty evaluations has to succeed twenty times as often as one of a single one.
    """

    successes: Annotated[float, Field(gt=0)] = 1.0
    failures: Annotated[float, Field(gt=0)] = 1.0
    decay: Annotated[float, Field(gt=0, le=1)] = 1.0
    seconds_power: Annotated[float, Field(ge=0)] = 0.0
    _known: Tallies = field(default_factory=Tallies, init=False, repr=False)

    def pull(self, offers: Sequence[Offer], under_way: Mapping[Arm, int], rng: np.random.Generator) -> Arm:
        """Draws an arm with the probability that it is the best."""
        arms = arms_of(offers)
        good = np.array([self._known[arm].reward for arm in arms])
        pulls = np.array([self._known[arm].pulls + under_way.get(arm, 0) for arm in arms])
        chances = rng.beta(self.successes + good, self.failures + np.maximum(pulls - good, 0.0))
        return arms[int(np.argmax(chances / self._known.relative_seconds(arms) ** self.seconds_power))]

    def observe(self, outcome: Outcome) -> None:
        """Counts the pull, and whether it gained."""
        if self.decay < 1:
            self._known.fade(self.decay)
        self._known.add(outcome.arm, float(outcome.gain is not None and outcome.gain > 0), seconds=outcome.seconds)
