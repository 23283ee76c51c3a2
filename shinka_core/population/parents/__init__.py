"""Which program the next proposal starts from."""

from shinka_core.population.parents.power_law import PowerLaw
from shinka_core.population.parents.protocol import PARENTS, ParentSelector
from shinka_core.population.parents.weighted import Weighted

__all__ = ["PARENTS", "ParentSelector", "PowerLaw", "Weighted"]
