"""Good programs that differ from each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from shinka_core.population.archives.members import rebuilt, worst_of
from shinka_core.population.archives.protocol import ARCHIVES, ArchiveChange
from shinka_core.population.view import Ints, PopulationView

# Of a cosine of single precision: the same embedding is as similar in whichever order it is summed.
ROUNDING = 1e-5


@ARCHIVES.register("crowding")
@dataclass(frozen=True, slots=True)
class Crowding:
    """A newcomer competes with the member that it is most similar to, by the cosine of their embeddings.

    Of members that are equally similar it competes with the worst, and so with the worst of all where a program has
    no embedding.

    Attributes:
        size: Members at most; as long as there are fewer, everybody is taken.
    """

    size: Annotated[int, Field(ge=1)] = 40

    def offer(self, view: PopulationView, newcomer: int, rng: np.random.Generator) -> ArchiveChange:
        """Takes the newcomer while there is room, and then if it is better than its like."""
        return self._decide(view, view.elites, newcomer)

    def rebuild(self, view: PopulationView, rng: np.random.Generator) -> tuple[int, ...]:
        """The members after every correct program was offered."""
        return rebuilt(view, self._decide)

    def _decide(self, view: PopulationView, members: Ints, newcomer: int) -> ArchiveChange:
        if len(members) < self.size:
            return ArchiveChange(added=True)
        similarities = view.embeddings[members] @ view.embeddings[newcomer]
        rival = worst_of(view, members[similarities >= similarities.max() - ROUNDING])
        if view.scores[newcomer] > view.scores[rival]:
            return ArchiveChange(added=True, removed=(rival,))
        return ArchiveChange()
