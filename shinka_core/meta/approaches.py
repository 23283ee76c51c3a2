"""The archive of system prompts: which of them proposals are made with, and which one the next.

The usual one is always among them, so that whatever models write, it is given up only as far as others do better.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from shinka_core.config.guidance import SystemPromptConfig
from shinka_core.database.guidance import Written
from shinka_core.meta.merits import AVERAGE, Merit

Merits = Callable[[str | None], Merit]


def living(prompts: Sequence[Written], merits: Merits, settings: SystemPromptConfig) -> list[Written]:
    """Those that proposals are made with: the usual one, then those that are little tried, then the best.

    Args:
        prompts: All that were ever written, in their order; the first is the usual one.
    """

    def rank(place: int) -> tuple[float, int]:
        merit = merits(prompts[place].id)
        tried = merit.uses >= settings.trials
        return (-(merit.mean or 0.0) if tried else -math.inf, -place)

    others = sorted(range(1, len(prompts)), key=rank)[: settings.archive - 1]
    return [*prompts[:1], *(prompts[place] for place in sorted(others))]


def chosen(
    alive: Sequence[Written], merits: Merits, under_way: Mapping[str, int], exploration: float, rng: np.random.Generator
) -> Written:
    """The one for the next proposal: that with the largest upper confidence bound of its merit (UCB1).

    One that was never tried comes first; proposals under way count as tried, so that parallel ones spread.
    Ties are drawn.
    """
    known = [merits(one.id) for one in alive]
    pulls = np.array(
        [merit.uses + under_way.get(one.id, 0) for one, merit in zip(alive, known, strict=True)], dtype=float
    )
    fresh = np.flatnonzero(pulls == 0)
    if len(fresh):
        return alive[int(rng.choice(fresh))]
    means = np.array([AVERAGE if merit.mean is None else merit.mean for merit in known])
    bounds = means + exploration * np.sqrt(2 * np.log(pulls.sum()) / pulls)
    return alive[int(rng.choice(np.flatnonzero(bounds == bounds.max())))]


def best_first(alive: Sequence[Written], merits: Merits, trials: int) -> list[Written]:
    """Those that were tried often enough, the best first; the usual one where none was."""
    tried = [one for one in alive if merits(one.id).uses >= trials]
    return sorted(tried, key=lambda one: -(merits(one.id).mean or 0.0)) or list(alive[:1])
