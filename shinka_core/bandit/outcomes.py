"""From the record to outcomes of pulls, and to the bandit: a fold like every other."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from shinka_core.bandit.protocol import Arm, Bandit, Offer, Outcome
from shinka_core.costs import both
from shinka_core.errors import ConfigError
from shinka_core.program import Purpose
from shinka_core.record import Called, Ended, Event, Pull, Recorded

# Calls whose cost is that of the arm: what others ask about its candidate is not.
OWN = (Purpose.PROPOSAL.value, Purpose.REPAIR.value)


class Arms:
    """A fold over ends of generations that tells a bandit what came of each pull.

    The program of a generation is the outcome of its last pull; those before it gave nothing. A generation that
    ended without a program has nothing but such pulls.
    """

    def __init__(self, bandit: Bandit) -> None:
        self._bandit = bandit
        self._scores: dict[str, float] = {}
        self._seed: float | None = None
        self._spent: dict[int, dict[str, float | None]] = defaultdict(dict)
        self._under_way: dict[int, tuple[Arm, ...]] = {}

    def pull(self, offers: Sequence[Offer], rng: np.random.Generator) -> Arm:
        """The arm for a proposal.

        Raises:
            ConfigError: The bandit chose what is not offered.
        """
        arm = self._bandit.pull(offers, Counter(arm for arms in self._under_way.values() for arm in arms), rng)
        if not any(arm in offer.arms for offer in offers):
            raise ConfigError(
                f"bandit: {type(self._bandit).__name__} pulled {arm}, which is none of "
                f"{[str(other) for offer in offers for other in offer.arms]}; correct it"
            )
        return arm

    def expect(self, generation: int, attempt: int, arm: Arm) -> None:
        """Takes note of a pull whose outcome comes later; the same attempt is told of once."""
        before = self._under_way.get(generation, ())
        if attempt >= len(before):
            self._under_way[generation] = (*before, arm)

    def apply(self, event: Event) -> None:
        """Takes an event up."""
        match event:
            case Called(generation, purpose, model, cost) if purpose in OWN and cost != 0:
                spent = self._spent[generation]
                spent[model] = both(spent.get(model, 0.0), cost)
            case Recorded():
                if event.correct and event.score is not None:
                    self._scores[event.program_id] = event.score
                    if event.parent_id is None and self._seed is None:
                        self._seed = event.score
                self._ended(event.generation, event.pulls, self._gain(event), event.seconds)
            case Ended():
                self._ended(event.generation, event.pulls, None, 0.0)
            case _:
                pass

    def _gain(self, event: Recorded) -> float | None:
        """By how much a program is better than its parent and the seed program; a repaired one neither gains nor loses."""
        if not event.correct or event.score is None:
            return None
        parent = None if event.parent_id is None else self._scores.get(event.parent_id)
        bars = [score for score in (parent, self._seed) if score is not None]
        return event.score - max(bars) if bars else 0.0

    def _ended(self, generation: int, pulls: Sequence[Pull], gain: float | None, seconds: float) -> None:
        self._under_way.pop(generation, None)
        spent = self._spent.pop(generation, {})
        shares = Counter(pull.model for pull in pulls)
        for number, pull in enumerate(pulls, 1):
            last = number == len(pulls)
            paid = spent.get(pull.model, 0.0)
            cost = None if paid is None else paid / shares[pull.model]
            arm = Arm(pull.operator, pull.model)
            took = pull.seconds + (seconds if last else 0.0)
            self._bandit.observe(Outcome(arm, gain if last else None, cost, took))
