"""Which programs a model is shown beside the parent."""

from shinka_core.population.inspirations.archive import FromArchive
from shinka_core.population.inspirations.diverse import Diverse
from shinka_core.population.inspirations.lineage import Lineage
from shinka_core.population.inspirations.pareto import Pareto
from shinka_core.population.inspirations.protocol import INSPIRATIONS, InspirationSelector
from shinka_core.population.inspirations.top_k import TopK

__all__ = ["INSPIRATIONS", "Diverse", "FromArchive", "InspirationSelector", "Lineage", "Pareto", "TopK"]
