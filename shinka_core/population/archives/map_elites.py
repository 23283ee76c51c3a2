"""The best program of each kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
from pydantic import Field

from shinka_core.errors import ConfigError
from shinka_core.population.archives.bins import MISSING, RunningCuts, Scaling, bins_of, cuts_of, even_cuts
from shinka_core.population.archives.measures import check_measured, diversity, measured
from shinka_core.population.archives.members import rebuilt
from shinka_core.population.archives.protocol import ARCHIVES, ArchiveChange
from shinka_core.population.view import Floats, Ints, PopulationView

DIVERSITY = "diversity"
# Members are looked at with every newcomer.
MOST_CELLS = 100_000

Cuts = Callable[[str], Floats]


@ARCHIVES.register("map_elites")
@dataclass(frozen=True, slots=True)
class MapElites:
    """A grid over features of programs, with the best program in each cell (MAP-Elites).

    A newcomer is taken if its cell has no member that is as good. Bins that are learnt move as programs come, so that
    members may come to share a cell: the better one, the earlier of equals, stays when the next newcomer is taken.
    A program without a value has a bin of its own.

    Attributes:
        features: Each by name: what is measured of every program's text (`length`, `complexity`), public metrics and
            features that the evaluator returns, `score`, and `diversity`, the mean cosine distance to the members.
        bins: Of every feature, or by feature.
        bounds: Lowest and highest value by feature; what is beyond belongs to the first or last bin. Features without
            are binned by the correct programs so far, `diversity` by the members.
        scaling: Of bins that are learnt: `range`: all of the same width; `quantiles`: all with as many programs.
    """

    features: Annotated[tuple[str, ...], Field(min_length=1)] = ("length", "complexity")
    bins: Annotated[int, Field(ge=1)] | dict[str, Annotated[int, Field(ge=1)]] = 10
    bounds: dict[str, tuple[float, float]] = field(default_factory=dict[str, tuple[float, float]])
    scaling: Scaling = "range"

    def __post_init__(self) -> None:
        """Refuses settings that contradict each other."""
        if len(set(self.features)) != len(self.features):
            raise ConfigError(f"archive 'map_elites': features={list(self.features)} names one twice; leave one out")
        for setting, names in (("bins", self.bins if isinstance(self.bins, dict) else {}), ("bounds", self.bounds)):
            for name in names:
                if name not in self.features:
                    raise ConfigError(
                        f"archive 'map_elites': {setting} names {name!r}, which is none of "
                        f"features={list(self.features)}; add it there"
                    )
        missing = [name for name in self.features if isinstance(self.bins, dict) and name not in self.bins]
        if missing:
            raise ConfigError(f"archive 'map_elites': bins={self.bins} has no number for {missing[0]!r}; give one")
        for name, (low, high) in self.bounds.items():
            if not -np.inf < low < high < np.inf:
                raise ConfigError(
                    f"archive 'map_elites': bounds of {name!r} are {low} to {high}; give a lower and a higher number"
                )
        cells = np.prod([float(self._bins_of(name)) for name in self.features])
        if cells > MOST_CELLS:
            raise ConfigError(
                f"archive 'map_elites': there are {cells:.0f} cells, at most {MOST_CELLS}; give fewer bins"
            )

    def check(self, view: PopulationView) -> None:
        """Refuses a feature that no program has.

        Raises:
            ConfigError: There is one; names those that programs have.
        """
        for name in self.features:
            if name != DIVERSITY:
                check_measured(view, name, "map_elites", "features")

    def offer(self, view: PopulationView, newcomer: int, rng: np.random.Generator) -> ArchiveChange:
        """Takes the newcomer if it is the first or better than the member of its cell."""

        def cuts(name: str) -> Floats:
            seen = measured(view, name)[: newcomer + 1][view.correct[: newcomer + 1]]
            return cuts_of(seen, self._bins_of(name), self.scaling)

        return self._decide(view, view.elites, newcomer, cuts)

    def rebuild(self, view: PopulationView, rng: np.random.Generator) -> tuple[int, ...]:
        """The members after every correct program was offered."""
        running = {
            name: RunningCuts(self._bins_of(name), self.scaling)
            for name in self.features
            if name != DIVERSITY and name not in self.bounds
        }

        def decide(view: PopulationView, members: Ints, newcomer: int) -> ArchiveChange:
            for name, cuts in running.items():
                cuts.add(float(measured(view, name)[newcomer]))
            return self._decide(view, members, newcomer, lambda name: running[name].cuts())

        return rebuilt(view, decide)

    def cells(self, view: PopulationView, programs: Ints, cuts: Cuts) -> Ints:
        """`(m, features)` bins of some programs."""
        columns: list[Ints] = []
        for name in self.features:
            count = self._bins_of(name)
            values = diversity(view.embeddings[programs]) if name == DIVERSITY else measured(view, name)[programs]
            if name in self.bounds:
                between = even_cuts(*self.bounds[name], count)
            elif name == DIVERSITY:
                between = cuts_of(values, count, self.scaling)
            else:
                between = cuts(name)
            columns.append(bins_of(values, between))
        return np.column_stack(columns)

    def _decide(self, view: PopulationView, members: Ints, newcomer: int, cuts: Cuts) -> ArchiveChange:
        programs = np.append(members, newcomer)
        cells = self.cells(view, programs, cuts)
        # The best first, the earliest of equals: who is the first of its cell stays.
        order = np.lexsort((programs, -view.scores[programs]))
        _, first = np.unique(cells[order], axis=0, return_index=True)
        staying = programs[order[first]]
        if newcomer not in staying:
            return ArchiveChange(cell=self._words(cells[-1]))
        leaving = np.setdiff1d(members, staying).tolist()
        return ArchiveChange(added=True, removed=tuple(leaving), cell=self._words(cells[-1]))

    def _bins_of(self, name: str) -> int:
        return self.bins[name] if isinstance(self.bins, dict) else self.bins

    def _words(self, cell: Ints) -> str:
        return ", ".join(
            f"{name} none" if place == MISSING else f"{name} {place + 1}/{self._bins_of(name)}"
            for name, place in zip(self.features, cell.tolist(), strict=True)
        )
