"""The best few, one as often as the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from shinka_core.population.parents.protocol import PARENTS
from shinka_core.population.view import PopulationView


@PARENTS.register("beam_search")
@dataclass(frozen=True, slots=True)
class BeamSearch:
    """Of the island's best correct programs, the beam, the one with the fewest children.

    Children under way count, so that all of the beam are expanded alike and a newcomer catches up first; of equals
    the best is expanded. The first to come of equal scores are the beam.

    Attributes:
        beams: Programs in the beam, at most.
    """

    beams: Annotated[int, Field(ge=1)] = 5

    def select(self, view: PopulationView, island: int, rng: np.random.Generator) -> int:
        """Takes it."""
        correct = view.fit_on(island)
        beam = correct[np.argsort(-view.scores[correct], kind="stable")[: self.beams]]
        return int(beam[np.argmin(view.children[beam])])
