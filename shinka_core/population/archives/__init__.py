"""Who is kept as an elite."""

from shinka_core.population.archives.fitness import Fitness
from shinka_core.population.archives.protocol import ARCHIVES, Archive, ArchiveChange

__all__ = ["ARCHIVES", "Archive", "ArchiveChange", "Fitness"]
