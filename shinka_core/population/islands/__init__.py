"""Which island the next proposal belongs to: how the budget is spread over trajectories."""

from shinka_core.population.islands.equal import Equal
from shinka_core.population.islands.protocol import ISLANDS, IslandSelector
from shinka_core.population.islands.uniform import Uniform

__all__ = ["ISLANDS", "Equal", "IslandSelector", "Uniform"]
