"""Fewer and fewer islands as the budget is used up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from shinka_core.errors import ConfigError
from shinka_core.population.islands.protocol import ISLANDS
from shinka_core.population.islands.trajectories import trajectories
from shinka_core.population.view import Ints, IslandStats, PopulationView


@ISLANDS.register("halving")
@dataclass(frozen=True, slots=True)
class Halving:
    """Successive halving: as the run goes on, only the best islands are given proposals, all of them alike.

    With the defaults twelve islands become five, two and one, the best allocation of arXiv:2607.18235. An island is
    as good as its best score; of equals the one that reached it first is better. Between two cuts the islands that
    are kept have as many proposals as each other, those under way and those that came to nothing included.

    Attributes:
        keep: How many islands are kept at each cut, falling.
        at: Where the cuts are, as shares of the run, rising.
    """

    keep: tuple[Annotated[int, Field(ge=1)], ...] = (5, 2, 1)
    at: tuple[Annotated[float, Field(ge=0, le=1)], ...] = (0.25, 0.5, 0.75)

    def __post_init__(self) -> None:
        """Refuses cuts that are none."""
        if len(self.keep) != len(self.at):
            raise ConfigError(
                f"island selector 'halving': keep={list(self.keep)} has {len(self.keep)} values for {len(self.at)} of "
                f"at={list(self.at)}; give one each"
            )
        if any(after >= before for before, after in zip(self.keep, self.keep[1:], strict=False)):
            raise ConfigError(f"island selector 'halving': keep={list(self.keep)} must fall; give fewer at each cut")
        if any(after <= before for before, after in zip(self.at, self.at[1:], strict=False)):
            raise ConfigError(f"island selector 'halving': at={list(self.at)} must rise; give the cuts in their order")

    def kept(self, view: PopulationView, islands: IslandStats) -> Ints:
        """`(m,)` the islands that are still given proposals, ascending; the others may be retired."""
        passed = sum(islands.progress >= cut for cut in self.at)
        if not passed or self.keep[passed - 1] >= len(islands.numbers):
            return islands.numbers
        ranked = sorted(islands.numbers.tolist(), key=lambda number: _rank(view, number))
        return np.array(sorted(ranked[: self.keep[passed - 1]]), dtype=np.int64)

    def select(self, view: PopulationView, islands: IslandStats, rng: np.random.Generator) -> int:
        """One of those kept with the fewest proposals."""
        kept = self.kept(view, islands)
        had = np.array([len(each.after) for each in trajectories(view, islands)]) + islands.under_way
        proposals = had[np.isin(islands.numbers, kept)]
        fewest = kept[proposals == proposals.min()]
        return int(fewest[rng.integers(len(fewest))])


def _rank(view: PopulationView, island: int) -> tuple[float, int, int]:
    """Sorts the better island first."""
    fit = view.fit_on(island)
    if not len(fit):
        return (np.inf, 0, island)
    best = int(np.argmax(view.scores[fit]))
    return (-float(view.scores[fit[best]]), int(fit[best]), island)
