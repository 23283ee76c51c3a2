"""One sampling decision over the population: island, parent, inspirations."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from shinka_core.errors import ConfigError
from shinka_core.population.archives.protocol import Archive
from shinka_core.population.inspirations.protocol import InspirationSelector
from shinka_core.population.islands.protocol import IslandSelector
from shinka_core.population.migration.protocol import Migration
from shinka_core.population.parents.protocol import ParentSelector
from shinka_core.population.view import IslandStats, PopulationView


@dataclass(frozen=True, slots=True)
class Choice:
    """Positions in the population.

    Attributes:
        inspirations: Worst score first.
        broken: Nothing on the island is correct, so the parent is to be repaired instead of improved.
    """

    island: int
    parent: int
    inspirations: tuple[int, ...] = ()
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Search:
    """The strategies of one evolution.

    Attributes:
        inspirations: Asked one after the other.
    """

    islands: IslandSelector
    parents: ParentSelector
    inspirations: tuple[InspirationSelector, ...]
    archive: Archive
    migration: Migration

    def choose(
        self, view: PopulationView, islands: IslandStats, rng: np.random.Generator, alone: Collection[int] = ()
    ) -> Choice:
        """Makes the decision over a population that is not empty.

        Args:
            alone: Islands on which nothing is shown that others have found.

        Raises:
            ConfigError: A strategy chose what there is not; it is named.
        """
        island = int(self.islands.select(view, islands, rng))
        if island not in islands.numbers:
            raise _wrong(self.islands, f"island {island}", f"islands {islands.numbers.tolist()}")
        if not len(view.fit_on(island)):
            return Choice(island, int(rng.choice(view.islands[island])), broken=True)
        parent = int(self.parents.select(view, island, rng))
        if not 0 <= parent < len(view) or not view.correct[parent]:
            raise _wrong(self.parents, f"program {parent}", "the correct programs of the island")
        chosen: tuple[int, ...] = ()
        for selector in self.inspirations:
            more = tuple(int(program) for program in selector.select(view, island, parent, chosen, rng))
            for program in more:
                if not 0 <= program < len(view) or program == parent or program in chosen:
                    raise _wrong(selector, f"program {program}", "programs that are neither the parent nor taken")
                chosen = (*chosen, program)
        if island in alone:
            residents = set(view.islands[island].tolist())
            chosen = tuple(program for program in chosen if program in residents)
        return Choice(island, parent, tuple(sorted(chosen, key=lambda program: float(view.scores[program]))))


def _wrong(strategy: object, chosen: str, among: str) -> ConfigError:
    return ConfigError(f"{type(strategy).__name__} chose {chosen}, but has to choose among {among}; correct it")
