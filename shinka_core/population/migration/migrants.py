"""Who leaves copies of itself elsewhere, whatever the way they go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from shinka_core.population.migration.protocol import Move
from shinka_core.population.view import Ints, PopulationView

DEFAULT_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Sending:
    """What an island sends with one migration: its best, and some of the others by chance.

    Migrants are copies, so that nothing is ever lost at home, whatever is sent.

    Attributes:
        share: Of the island's correct programs, rounded to a whole number, drawn with the same chance.
        best: That many of the best as well.
        keep_best: The best program is not among those that are drawn: others do not learn of it by chance, so that
            islands stay different for longer.
    """

    share: Annotated[float, Field(ge=0, le=1)] = DEFAULT_SHARE
    best: Annotated[int, Field(ge=0)] = 0
    keep_best: bool = False

    def migrants(self, view: PopulationView, island: int, rng: np.random.Generator) -> Ints:
        """Positions of those who are sent, `(m,)`: the best first, then those drawn."""
        correct = view.fit_on(island)
        ranked = correct[np.argsort(-view.scores[correct], kind="stable")]
        others = ranked[max(self.best, int(self.keep_best)) :]
        count = min(round(self.share * len(correct)), len(others))
        drawn = rng.choice(others, size=count, replace=False) if count else others[:0]
        return np.concatenate([ranked[: self.best], drawn])


def moves(view: PopulationView, wanted: Iterable[Move]) -> tuple[Move, ...]:
    """Those of the moves that change something: none of a program to where it lives already, and none twice."""
    kept: dict[tuple[int, int], Move] = {}
    residents: dict[int, set[int]] = {}
    for move in wanted:
        if move.target not in residents:
            residents[move.target] = set(view.islands[move.target].tolist())
        if move.program not in residents[move.target]:
            kept.setdefault((move.program, move.target), move)
    return tuple(kept.values())
