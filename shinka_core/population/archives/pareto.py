"""Programs of which none is as good as another in everything."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from shinka_core.errors import ConfigError
from shinka_core.population.archives.measures import check_measured, known_measures, measured
from shinka_core.population.archives.members import rebuilt
from shinka_core.population.archives.protocol import ARCHIVES, ArchiveChange
from shinka_core.population.view import Floats, Ints, PopulationView


@ARCHIVES.register("pareto")
@dataclass(frozen=True, slots=True)
class Pareto:
    """The non-dominated programs.

    A newcomer that some member is at least as good as in every objective is not taken; otherwise the members that
    are no better than it in any leave. When there are too many, the one in the densest part of the front leaves
    (smallest crowding distance, as in NSGA-II; the latest of equals), but never the one with the best score. A value
    that is missing is worse than any other.

    Attributes:
        objectives: Features or public metrics by name, each to be large (`max`) or small (`min`); `score` is the
            score. None: the scores of the evaluator's instances, and the score, so that a program with the best score
            is always a member.
        size: Members at most.
    """

    objectives: dict[str, Literal["max", "min"]] = field(default_factory=dict[str, Literal["max", "min"]])
    size: Annotated[int, Field(ge=2)] = 40

    def check(self, view: PopulationView) -> None:
        """Refuses objectives that no program has.

        Raises:
            ConfigError: There is one, or there are no instance scores and no objectives; says what there is.
        """
        for name in self.objectives:
            check_measured(view, name, "pareto", "objectives")
        if not self.objectives and not view.instances:
            raise ConfigError(
                "archive 'pareto': the evaluator gives no instance scores, so there is nothing to be non-dominated in; "
                f"have it return some, or name objectives among {known_measures(view)}"
            )

    def offer(self, view: PopulationView, newcomer: int, rng: np.random.Generator) -> ArchiveChange:
        """Takes the newcomer if nobody dominates it."""
        return self._decide(view, view.elites, newcomer)

    def rebuild(self, view: PopulationView, rng: np.random.Generator) -> tuple[int, ...]:
        """The members after every correct program was offered."""
        return rebuilt(view, self._decide)

    def _decide(self, view: PopulationView, members: Ints, newcomer: int) -> ArchiveChange:
        values = self._values(view, np.append(members, newcomer))
        others, own = values[:-1], values[-1]
        if (others >= own).all(axis=1).any():
            return ArchiveChange()
        stays = ~(own >= others).all(axis=1)
        leaving = members[~stays].tolist()
        front = np.append(members[stays], newcomer)
        if len(front) > self.size:
            crowded = self._most_crowded(view, front, values[np.append(stays, True)])
            if crowded == newcomer:
                return ArchiveChange()
            leaving.append(crowded)
        return ArchiveChange(added=True, removed=tuple(sorted(leaving)))

    def _most_crowded(self, view: PopulationView, front: Ints, values: Floats) -> int:
        distances = crowding_distances(values)
        others = np.delete(np.arange(len(front)), np.argmax(view.scores[front]))[::-1]
        return int(front[others[np.argmin(distances[others])]])

    def _values(self, view: PopulationView, programs: Ints) -> Floats:
        """`(m, objectives)`, larger is better."""
        if self.objectives:
            columns = [
                measured(view, name)[programs] * (1 if way == "max" else -1) for name, way in self.objectives.items()
            ]
            values = np.column_stack(columns)
        else:
            instances = [view.instance_scores[programs]] if view.instances else []
            values = np.column_stack([*instances, view.scores[programs]])
        return np.where(np.isnan(values), -np.inf, values)


def crowding_distances(values: Floats) -> Floats:
    """How far apart each member's neighbours in the front are, `(m,)`; infinite at the ends.

    Args:
        values: `(m, objectives)`; each counts by its range in the front, and not at all where all are equal in it.
    """
    order = np.argsort(values, axis=0, kind="stable")
    # Half, and none beyond it: no difference is beyond what a float holds.
    ranked = np.clip(np.take_along_axis(values, order, axis=0), -1e300, 1e300) / 2
    span = ranked[-1] - ranked[0]
    shares = np.where(span > 0, np.full(values.shape, np.inf), 0.0)
    shares[1:-1] = (ranked[2:] - ranked[:-2]) / np.where(span > 0, span, 1.0)
    placed = np.empty(values.shape)
    np.put_along_axis(placed, order, shares, axis=0)
    return placed.sum(axis=1)
