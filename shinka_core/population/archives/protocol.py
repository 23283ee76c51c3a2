"""Who is kept as an elite."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from shinka_core.population.view import PopulationView
from shinka_core.registry import Registry


@dataclass(frozen=True, slots=True)
class ArchiveChange:
    """What a newcomer does to an archive.

    Attributes:
        added: Whether it becomes a member.
        removed: Positions of the members that leave for it.
        cell: Where it belongs, in words that a report can show; "" in archives without cells.
    """

    added: bool = False
    removed: tuple[int, ...] = ()
    cell: str = ""


class Archive(Protocol):
    """Decides about one newcomer after the other, so that an archive can be rebuilt from the record."""

    def offer(self, view: PopulationView, newcomer: int, rng: np.random.Generator) -> ArchiveChange:
        """What the newcomer does to the members, which are `view.elites`.

        Args:
            view: The population with the newcomer as its last program.
            newcomer: Position of a correct program.
        """
        ...


@runtime_checkable
class Checking(Protocol):
    """An archive that needs more of programs than a score."""

    def check(self, view: PopulationView) -> None:
        """Looks at whether the programs so far have it; `offer` itself does with what there is.

        Raises:
            ConfigError: No program has it; says what is missing and what there is.
        """
        ...


ARCHIVES = Registry[Archive]("archive", "shinka.archives", ("offer",))


def check_archive(archive: Archive, view: PopulationView) -> None:
    """Looks at whether an archive finds what it needs in a population that is not empty.

    Raises:
        ConfigError: It does not; says what is missing.
    """
    if isinstance(archive, Checking) and len(view):
        archive.check(view)
