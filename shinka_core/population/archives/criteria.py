"""Several things that count at once, each by its weight."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from shinka_core.population.archives.crowding import ROUNDING
from shinka_core.population.archives.measures import SCORE, check_measured, measured
from shinka_core.population.archives.members import rebuilt
from shinka_core.population.archives.protocol import ARCHIVES, ArchiveChange
from shinka_core.population.view import Floats, Ints, PopulationView


def _score_alone() -> dict[str, float]:
    return {SCORE: 1.0}


@ARCHIVES.register("criteria")
@dataclass(frozen=True, slots=True)
class Criteria:
    """Keeps the best by a weighted sum of ranks, as ShinkaEvolve's `archive_criteria` weigh them.

    Members and newcomer are ranked by each measure, from 0 for the least to 1; what is missing counts as the worst. The
    member with the best score leaves for one with a better score alone.

    Attributes:
        weights: Of the score (`score`), features or public metrics by name; below 0 where less is better.
        rival: Whom a newcomer competes with when there is no room: the `worst`, or the most `similar` member.
        size: Members at most.
    """

    weights: dict[str, float] = field(default_factory=_score_alone)
    rival: Literal["worst", "similar"] = "worst"
    size: Annotated[int, Field(ge=1)] = 40

    def check(self, view: PopulationView) -> None:
        """Refuses weights of what no program has.

        Raises:
            ConfigError: There is one; says what there is.
        """
        for name in self.weights:
            check_measured(view, name, "criteria", "weights")

    def offer(self, view: PopulationView, newcomer: int, rng: np.random.Generator) -> ArchiveChange:
        """Takes the newcomer while there is room, and then if it is better than its rival."""
        return self._decide(view, view.elites, newcomer)

    def rebuild(self, view: PopulationView, rng: np.random.Generator) -> tuple[int, ...]:
        """The members after every correct program was offered."""
        return rebuilt(view, self._decide)

    def _decide(self, view: PopulationView, members: Ints, newcomer: int) -> ArchiveChange:
        if len(members) < self.size:
            return ArchiveChange(added=True)
        together = np.append(members, newcomer)
        worth = self._worth(view, together)
        able = np.ones(len(members), dtype=bool)
        if self.rival == "similar":
            similarities = view.embeddings[members] @ view.embeddings[newcomer]
            able = similarities >= similarities.max() - ROUNDING
        places = np.flatnonzero(able)
        place = int(places[np.argmin(worth[places])])
        rival = int(members[place])
        best = int(members[np.argmax(view.scores[members])])
        better = worth[-1] > worth[place]
        if rival == best:
            better = view.scores[newcomer] > view.scores[best]
        return ArchiveChange(added=True, removed=(rival,)) if better else ArchiveChange()

    def _worth(self, view: PopulationView, programs: Ints) -> Floats:
        """`(m,)` weighted sums of ranks."""
        worth = np.zeros(len(programs))
        for name, weight in self.weights.items():
            values = measured(view, name)[programs] * np.sign(weight)
            worth += abs(weight) * _ranks(np.where(np.isnan(values), -np.inf, values))
        return worth.round(12)  # equal programs are equal in whatever order the weights are summed


def _ranks(values: Floats) -> Floats:
    """From 0 for the least to 1 for the largest, the middle of their places for equals."""
    ordered = np.sort(values)
    places = (np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right") - 1) / 2
    return places / max(len(values) - 1, 1)
