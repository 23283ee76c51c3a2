"""The upper confidence bound of the chance that a program is better than what it was made from.

P. Auer, N. Cesa-Bianchi, P. Fischer: Finite-time analysis of the multiarmed bandit problem. Machine Learning 47, 2002.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
from pydantic import Field

from shinka_core.bandit.protocol import BANDITS, Arm, Offer, Outcome, arms_of
from shinka_core.bandit.tally import Tallies


@BANDITS.register("ucb1")
@dataclass(slots=True)
class UCB1:
    """Rewards are 1 for a program better than its parent and the seed program, else 0.

    A pull under way counts as one that gave nothing, so that parallel pulls spread.

    Attributes:
        exploration: Factor of the bonus for arms that are little known.
    """

    exploration: Annotated[float, Field(ge=0)] = 1.0
    _known: Tallies = field(default_factory=Tallies, init=False, repr=False)

    def pull(self, offers: Sequence[Offer], under_way: Mapping[Arm, int], rng: np.random.Generator) -> Arm:
        """Takes the arm with the highest bound; arms never pulled come first, and ties are drawn."""
        arms = arms_of(offers)
        pulls = np.array([self._known[arm].pulls + under_way.get(arm, 0) for arm in arms])
        if not pulls.all():
            return arms[int(rng.choice(np.flatnonzero(pulls == 0)))]
        rewards = np.array([self._known[arm].reward for arm in arms])
        bounds = rewards / pulls + self.exploration * np.sqrt(2 * np.log(pulls.sum()) / pulls)
        return arms[int(rng.choice(np.flatnonzero(bounds == bounds.max())))]

    def observe(self, outcome: Outcome) -> None:
        """Counts the pull, and whether it gained."""
        self._known.add(outcome.arm, float(outcome.gain is not None and outcome.gain > 0))
