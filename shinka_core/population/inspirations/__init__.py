"""Which programs a model is shown beside the parent."""

from shinka_core.population.inspirations.archive import FromArchive
from shinka_core.population.inspirations.protocol import INSPIRATIONS, InspirationSelector
from shinka_core.population.inspirations.top_k import TopK

__all__ = ["INSPIRATIONS", "FromArchive", "InspirationSelector", "TopK"]
