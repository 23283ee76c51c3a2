"""Good outcomes and few attempts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from shinka_core.population.parents.protocol import PARENTS
from shinka_core.population.probabilities import in_unit_range
from shinka_core.population.view import NO_PARENT, Floats, Ints, PopulationView


@PARENTS.register("puct")
@dataclass(frozen=True, slots=True)
class Puct:
    """The island's correct program with the largest Q + exploration * P * sqrt(1 + T) / (1 + n).

    Q is the best score of its correct children, its own without any, between the island's worst (0) and best (1); P is
    linear in the rank of its own score, the first to come of equals before the others, and sums to 1; n are its
    children and T those of all, under way included. So does TTT-Discover (arXiv:2601.16175); with exploration = 1 it
    was among the best of 30 search policies that were compared at equal budgets (arXiv:2607.18235).

    Attributes:
        exploration: C; larger favours programs with few children.
    """

    exploration: Annotated[float, Field(ge=0)] = 1.0

    def select(self, view: PopulationView, island: int, rng: np.random.Generator) -> int:
        """Takes it, the first to come of equals."""
        correct = view.fit_on(island)
        scores, visits = view.scores[correct], view.children[correct]
        value = in_unit_range(_best_outcomes(view, correct), float(scores.min()), float(scores.max()))
        n = len(correct)
        prior = np.empty(n)
        prior[np.argsort(-scores, kind="stable")] = np.arange(n, 0, -1) * (2.0 / (n * (n + 1)))
        bonus = self.exploration * prior * np.sqrt(1.0 + visits.sum()) / (1.0 + visits)
        return int(correct[np.argmax(value + bonus)])


def _best_outcomes(view: PopulationView, programs: Ints) -> Floats:
    """`(m,)` the best score among the correct children of each, its own without any."""
    children = np.flatnonzero(view.correct & (view.parents != NO_PARENT))
    best = np.full(len(view), -np.inf)
    np.maximum.at(best, view.parents[children], view.scores[children])
    return np.where(np.isfinite(best[programs]), best[programs], view.scores[programs])
