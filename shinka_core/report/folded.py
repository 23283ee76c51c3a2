"""What the search's own folds say of a record: what each arm is known to give, and who moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shinka_core.bandit import Arm, Arms
from shinka_core.bandit.protocol import Offer, Outcome
from shinka_core.costs import both
from shinka_core.record import Event, Joined, replay

# Moments at which the arms are looked at.
MOMENTS = 120


@dataclass(slots=True)
class Outcomes:
    """A bandit that only listens: what came of every pull, in the order in which it became known."""

    all: list[Outcome] = field(default_factory=list[Outcome])

    def pull(self, offers: Sequence[Offer], under_way: Mapping[Arm, int], rng: np.random.Generator) -> Arm:
        """Never called: nothing is proposed here."""
        raise NotImplementedError

    def observe(self, outcome: Outcome) -> None:
        """Keeps it."""
        self.all.append(outcome)


def outcomes(events: Sequence[Event]) -> list[Outcome]:
    """What came of every pull."""
    listening = Outcomes()
    replay(events, Arms(listening))
    return listening.all


def moves(events: Sequence[Event]) -> list[tuple[int, str, int]]:
    """Programs that came to another island: how many programs there were, which one, and to which."""
    return [(event.after, event.program_id, event.island) for event in events if isinstance(event, Joined)]


def arms_over_time(found: Sequence[Outcome]) -> dict[str, Any]:
    """What each arm has given up to some moments.

    The chance that a pull makes a program better than its parent and the seed program has a Beta(1, 1) prior here;
    its mean and standard deviation are what the bandit `thompson` draws from without decay.

    Returns:
        `arms`: operator and model of each; `after`: pulls known by each moment, `(m,)`; `pulls`, `mean`, `deviation`:
        `(arms, m)`; and of the whole run by arm `gains` (sum of what was gained), `better`, `failed`, `cost` (None: unknown), `seconds`.
    """
    arms = sorted({outcome.arm for outcome in found})
    place = {arm: index for index, arm in enumerate(arms)}
    which = np.array([place[outcome.arm] for outcome in found], dtype=np.int64)
    gains = np.array([np.nan if outcome.gain is None else outcome.gain for outcome in found], dtype=np.float64)
    moments = np.unique(np.linspace(1, len(found), min(MOMENTS, len(found))).astype(np.int64))
    pulls, mean, deviation = list[list[int]](), list[list[float]](), list[list[float]]()
    for index in range(len(arms)):
        mine = which == index
        n = np.cumsum(mine)[moments - 1]
        good = np.cumsum(mine & (np.nan_to_num(gains) > 0))[moments - 1]
        a, b = 1.0 + good, 1.0 + n - good
        pulls.append(n.tolist())
        mean.append(np.round(a / (a + b), 5).tolist())
        deviation.append(np.round(np.sqrt(a * b / ((a + b) ** 2 * (a + b + 1))), 5).tolist())
    return {
        "arms": [[arm.operator, arm.model] for arm in arms],
        "after": [int(moment) for moment in moments],
        "pulls": pulls,
        "mean": mean,
        "deviation": deviation,
        "better": [int(((which == index) & (np.nan_to_num(gains) > 0)).sum()) for index in range(len(arms))],
        "failed": [int(((which == index) & np.isnan(gains)).sum()) for index in range(len(arms))],
        "gains": [_sum(np.maximum(np.nan_to_num(gains[which == index]), 0.0)) for index in range(len(arms))],
        "cost": [reduce(both, (outcome.cost for outcome in found if outcome.arm == arm), 0.0) for arm in arms],
        "seconds": [sum(outcome.seconds for outcome in found if outcome.arm == arm) for arm in arms],
    }


def _sum(values: NDArray[np.float64]) -> float:
    """Their sum, or the largest number there is where it is beyond that: evaluators give such penalties."""
    with np.errstate(over="ignore"):
        return float(np.nan_to_num(values.sum()))
