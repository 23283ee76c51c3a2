"""The steps that settings ask for beside those of `periodic`."""

from __future__ import annotations

from shinka_core.config import EvolutionConfig
from shinka_core.meta import directions
from shinka_core.meta.asking import DIRECTIONS, IDEAS, models_for
from shinka_core.meta.directions import Directions
from shinka_core.meta.ideas import IdeaStep
from shinka_core.meta.ideas.step import NAME
from shinka_core.operators import Operators
from shinka_core.periodic import Named


def meta_steps(evolve: EvolutionConfig) -> tuple[Named, ...]:
    """What is asked about the search itself: nothing where no model can be asked, or none of the operators asks one."""
    operators = Operators(evolve.patch_types)
    steps: list[Named] = []
    if evolve.ideas is not None and models_for(evolve, IDEAS) and any(map(operators.asking, operators.names)):
        steps.append(Named(NAME, IdeaStep(evolve.ideas)))
    if evolve.directions_after is not None and models_for(evolve, DIRECTIONS):
        steps.append(Named(directions.NAME, Directions(evolve.directions_after)))
    return tuple(steps)
