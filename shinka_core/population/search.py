"""One sampling decision over the population: island, parent, inspirations."""

from __future__ import annotations

from collections.abc import Collection, Sequence
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
class OwnSearch:
    """The strategies of one island: what a proposal of it starts from.

    Attributes:
        inspirations: Asked one after the other.
    """

    parents: ParentSelector
    inspirations: tuple[InspirationSelector, ...]


@dataclass(frozen=True, slots=True)
class Search:
    """The strategies of one evolution.

    Attributes:
        inspirations: Asked one after the other.
        inspired: Share of the choices for which they are asked, in [0, 1].
        own: By the entry that an island has in the settings; empty where all islands are alike.
    """

    islands: IslandSelector
    parents: ParentSelector
    inspirations: tuple[InspirationSelector, ...]
    archive: Archive
    migration: Migration
    inspired: float = 1.0
    own: tuple[OwnSearch, ...] = ()

    def on(self, entry: int) -> OwnSearch:
        """The strategies of an island with this entry: islands that are made later take the entries in turn."""
        return self.own[entry % len(self.own)] if self.own else OwnSearch(self.parents, self.inspirations)

    def choose(
        self,
        view: PopulationView,
        islands: IslandStats,
        rng: np.random.Generator,
        alone: Collection[int] = (),
        entries: Sequence[int] = (),
    ) -> Choice:
        """Makes the decision over a population that is not empty.

        Args:
            alone: Islands on which nothing is shown that others have found.
            entries: Of every island in the settings; the island's number, if not given.

        Raises:
            ConfigError: A strategy chose what there is not; it is named.
        """
        island = int(self.islands.select(view, islands, rng))
        if island not in islands.numbers:
            raise _wrong(self.islands, f"island {island}", f"islands {islands.numbers.tolist()}")
        if not len(view.fit_on(island)):
            return Choice(island, int(rng.choice(view.islands[island])), broken=True)
        own = self.on(entries[island] if entries else island)
        parent = int(own.parents.select(view, island, rng))
        if not 0 <= parent < len(view) or not view.correct[parent]:
            raise _wrong(own.parents, f"program {parent}", "the correct programs of the island")
        chosen: tuple[int, ...] = ()
        shows = self.inspired >= 1 or rng.random() < self.inspired
        for selector in own.inspirations if shows else ():
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
