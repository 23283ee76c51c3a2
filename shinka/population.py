"""The parts of the search that can be exchanged: what each must do, what it sees, and where it is made known.

from shinka.population import PARENTS, PopulationView

@PARENTS.register("greedy")
@dataclass(frozen=True)
class Greedy:
    def select(self, view: PopulationView, island: int, rng: np.random.Generator) -> int: ...
"""

from shinka_core.features import program_features
from shinka_core.population.archives.protocol import ARCHIVES, Archive, ArchiveChange
from shinka_core.population.inspirations.protocol import INSPIRATIONS, InspirationSelector
from shinka_core.population.islands.protocol import ISLANDS, IslandSelector
from shinka_core.population.migration.protocol import MIGRATIONS, Migration, Move
from shinka_core.population.parents.protocol import PARENTS, ParentSelector
from shinka_core.population.view import IslandStats, PopulationView
from shinka_core.registry import Registry

__all__ = [
    "ARCHIVES",
    "INSPIRATIONS",
    "ISLANDS",
    "MIGRATIONS",
    "PARENTS",
    "Archive",
    "ArchiveChange",
    "InspirationSelector",
    "IslandSelector",
    "IslandStats",
    "Migration",
    "Move",
    "ParentSelector",
    "PopulationView",
    "Registry",
    "program_features",
]
