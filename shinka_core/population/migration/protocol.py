"""Who is copied from one island to another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from shinka_core.population.view import IslandStats, PopulationView
from shinka_core.registry import Registry


@dataclass(frozen=True, slots=True)
class Move:
    """A program, by position, that will live on one more island: it stays where it is as well."""

    program: int
    source: int
    target: int


class Migration(Protocol):
    """Plans one migration."""

    def plan(self, view: PopulationView, islands: IslandStats, rng: np.random.Generator) -> tuple[Move, ...]:
        """Moves between living islands; none of a program to where it lives already, and none twice."""
        ...


MIGRATIONS = Registry[Migration]("migration", "shinka.migrations", ("plan",))
