"""By the weights of the settings: first the operator, then the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from shinka_core.bandit.protocol import BANDITS, Arm, Offer, Outcome


@BANDITS.register("fixed")
@dataclass(frozen=True, slots=True)
class Fixed:
    """Learns nothing."""

    def pull(self, offers: Sequence[Offer], under_way: Mapping[Arm, int], rng: np.random.Generator) -> Arm:
        """Draws an operator by its weight, and then a model by its own."""
        del under_way
        offer = offers[0]
        if offer.weight is not None:
            weights = np.asarray([offer.weight for offer in offers])
            offer = offers[int(rng.choice(len(offers), p=weights / weights.sum()))]
        if not offer.models:
            return Arm(offer.operator)
        models, shares = list(offer.models), np.asarray(list(offer.models.values()))
        probabilities = shares / shares.sum() if shares.sum() > 0 else None
        return Arm(offer.operator, models[int(rng.choice(len(models), p=probabilities))])

    def observe(self, outcome: Outcome) -> None:
        """Does not care."""
