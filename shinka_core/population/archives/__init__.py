"""Who is kept as an elite.

    fitness     the best
    crowding    the best, each against the one that is most like it
    map_elites  the best of each cell of a grid over features
    criteria    the best by a weighted sum of ranks
    pareto      those that nobody is as good as in everything

An archive is a fold over the record: it decides about one newcomer after the other. These also offer `rebuild`, which
comes to the same members faster than one offer after the other.
"""

from shinka_core.population.archives.criteria import Criteria
from shinka_core.population.archives.crowding import Crowding
from shinka_core.population.archives.fitness import Fitness
from shinka_core.population.archives.map_elites import MapElites
from shinka_core.population.archives.pareto import Pareto
from shinka_core.population.archives.protocol import ARCHIVES, Archive, ArchiveChange, Checking, check_archive

__all__ = [
    "ARCHIVES",
    "Archive",
    "ArchiveChange",
    "Checking",
    "Criteria",
    "Crowding",
    "Fitness",
    "MapElites",
    "Pareto",
    "check_archive",
]
