"""Which arm (an operator, and the model that it asks) makes the next proposal, learned from what came of earlier ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from shinka_core.registry import Registry


@dataclass(frozen=True, slots=True, order=True)
class Arm:
    """A way to make a proposal.

    Attributes:
        model: "" for an operator that asks none.
    """

    operator: str
    model: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """The arms of one operator that can be pulled now.

    Attributes:
        weight: Of the operator among all that are offered, by the settings; None when it is settled which one it is.
        models: Those that it may ask, with their weights by the settings; none for an operator that asks none.
    """

    operator: str
    weight: float | None
    models: Mapping[str, float]

    @property
    def arms(self) -> Iterator[Arm]:
        """Its arms, in the order of the settings."""
        for model in self.models or ("",):
            yield Arm(self.operator, model)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a pull.

    Attributes:
        gain: By how much the program is better than its parent and than the seed program, below 0 when it is worse;
            None when there is no correct program.
        cost: US dollars of the calls that the pull made; None where nobody knows them.
        seconds: Of all evaluations that the pull made: the program's, and those on the way to it.
    """

    arm: Arm
    gain: float | None
    cost: float | None = 0.0
    seconds: float = 0.0


class Bandit(Protocol):
    """Learns which arms pay. What it knows is what it observed: the same outcomes in the same order give the same state."""

    def pull(self, offers: Sequence[Offer], under_way: Mapping[Arm, int], rng: np.random.Generator) -> Arm:
        """Chooses one of the arms that are offered; it observes nothing and changes nothing.

        Args:
            offers: At least one.
            under_way: Pulls whose outcome is not known yet.
        """
        ...

    def observe(self, outcome: Outcome) -> None:
        """Learns what came of a pull."""
        ...


BANDITS: Registry[Bandit] = Registry("bandit", "shinka.bandits", ("pull", "observe"))


def arms_of(offers: Sequence[Offer]) -> list[Arm]:
    """Every arm that is offered and that the settings do not weigh with 0; all of them if these are none."""
    weighed = [
        arm for offer in offers if offer.weight is None or offer.weight > 0 for arm in offer.arms
        if offer.models.get(arm.model, 1.0) > 0
    ]  # fmt: skip
    return weighed or [arm for offer in offers for arm in offer.arms]
