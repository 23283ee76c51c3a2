"""The best of all islands."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from shinka_core.population.archives.members import worst_of
from shinka_core.population.archives.protocol import ARCHIVES, ArchiveChange
from shinka_core.population.view import PopulationView


@ARCHIVES.register("fitness")
@dataclass(frozen=True, slots=True)
class Fitness:
    """Keeps the best: the worst member, the earliest of equals, leaves for a better newcomer.

    Attributes:
        size: Members at most.
    """

    size: Annotated[int, Field(ge=1)] = 40

    def offer(self, view: PopulationView, newcomer: int, rng: np.random.Generator) -> ArchiveChange:
        """Takes the newcomer while there is room, and then if it is better than the worst."""
        if len(view.elites) < self.size:
            return ArchiveChange(added=True)
        worst = worst_of(view, view.elites)
        if view.scores[newcomer] > view.scores[worst]:
            return ArchiveChange(added=True, removed=(worst,))
        return ArchiveChange()

    def rebuild(self, view: PopulationView, rng: np.random.Generator) -> tuple[int, ...]:
        """The members after every correct program was offered, in time that hardly grows with `size`."""
        members: list[tuple[float, int]] = []
        positions = np.flatnonzero(view.correct)
        for position, score in zip(positions.tolist(), view.scores[positions].tolist(), strict=True):
            if len(members) < self.size:
                heapq.heappush(members, (score, position))
            elif score > members[0][0]:
                heapq.heapreplace(members, (score, position))
        return tuple(sorted(position for _, position in members))
