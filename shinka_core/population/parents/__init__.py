"""Which program the next proposal starts from."""

from shinka_core.population.parents.beam_search import BeamSearch
from shinka_core.population.parents.best_of_n import BestOfN
from shinka_core.population.parents.epsilon_greedy import EpsilonGreedy
from shinka_core.population.parents.hill_climbing import HillClimbing
from shinka_core.population.parents.novelty import Novelty
from shinka_core.population.parents.pareto import Pareto
from shinka_core.population.parents.power_law import PowerLaw
from shinka_core.population.parents.protocol import PARENTS, ParentSelector
from shinka_core.population.parents.puct import Puct
from shinka_core.population.parents.rank import Rank
from shinka_core.population.parents.sequential import Sequential
from shinka_core.population.parents.tournament import Tournament
from shinka_core.population.parents.uniform import Uniform
from shinka_core.population.parents.weighted import Weighted

__all__ = [
    "PARENTS",
    "BeamSearch",
    "BestOfN",
    "EpsilonGreedy",
    "HillClimbing",
    "Novelty",
    "ParentSelector",
    "Pareto",
    "PowerLaw",
    "Puct",
    "Rank",
    "Sequential",
    "Tournament",
    "Uniform",
    "Weighted",
]
