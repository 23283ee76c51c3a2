"""Which island the next proposal belongs to: how the budget is spread over trajectories.

uniform       any, with the same chance
equal         one of those with the fewest programs
proportional  by the best score
weighted      by given weights, or by the best score and the size
ucb           the most promising, with optimism about what is little known (bandit)
thompson      the most promising by a draw from what is believed (bandit)
halving       only the best few after each part of the run

All that they decide by is in the view, so that a run that is resumed decides as it would have.
"""

from shinka_core.population.islands.equal import Equal
from shinka_core.population.islands.halving import Halving
from shinka_core.population.islands.proportional import Proportional
from shinka_core.population.islands.protocol import ISLANDS, IslandSelector
from shinka_core.population.islands.thompson import Thompson
from shinka_core.population.islands.ucb import UCB
from shinka_core.population.islands.uniform import Uniform
from shinka_core.population.islands.weighted import Weighted

__all__ = [
    "ISLANDS",
    "UCB",
    "Equal",
    "Halving",
    "IslandSelector",
    "Proportional",
    "Thompson",
    "Uniform",
    "Weighted",
]
