"""One sampling decision over the population: island, parent, inspirations, patch type."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shinka_core.config import DatabaseConfig
from shinka_core.database.population import Population
from shinka_core.errors import DatabaseError
from shinka_core.program import PatchType
from shinka_core.selection.inspirations import draw_inspirations
from shinka_core.selection.islands import draw_island
from shinka_core.selection.parents import draw_power_law, draw_weighted


@dataclass(frozen=True, slots=True)
class Choice:
    """Positions in the population."""

    island: int
    parent: int
    inspirations: list[int]
    patch_type: PatchType


def choose(
    rng: np.random.Generator,
    population: Population,
    config: DatabaseConfig,
    patch_types: list[PatchType],
    patch_type_probs: list[float],
) -> Choice:
    """Makes the decision.

    Raises:
        DatabaseError: The population is empty.
    """
    if not len(population):
        raise DatabaseError("nothing to sample from: the seed program is not recorded yet")
    island = draw_island(rng, population.island_sizes(), config.island_selection_strategy)
    members = population.islands[island].members.rows
    correct = members[population.correct[members]]
    if not len(correct):
        # Fix mode: without a correct program there is nothing to improve, only to repair.
        return Choice(island, int(rng.choice(members)), [], PatchType.FIX)
    parent = _parent(rng, population, config, island, correct)
    archive = list(population.archive)
    if config.enforce_island_separation:
        archive = [member for member in archive if population.islands[island].holds(member)]
    inspirations = draw_inspirations(
        rng,
        archive,
        [int(member) for member in _leaders(population, correct, config.num_top_k_inspirations + 1)],
        population.scores,
        parent,
        from_archive=config.num_archive_inspirations,
        top=config.num_top_k_inspirations,
        elite_ratio=config.elite_selection_ratio,
    )
    probabilities = np.asarray(patch_type_probs)
    patch_type = patch_types[int(rng.choice(len(patch_types), p=probabilities / probabilities.sum()))]
    if patch_type is PatchType.CROSS and not inspirations:
        patch_type = PatchType.DIFF  # there is no second program to cross with
    return Choice(island, parent, inspirations, patch_type)


def _parent(
    rng: np.random.Generator, population: Population, config: DatabaseConfig, island: int, correct: np.ndarray
) -> int:
    here = population.islands[island]
    elites = np.array(sorted(member for member in population.archive if here.holds(member)), dtype=np.int64)
    if config.parent_selection_strategy == "power_law":
        pool = elites if len(elites) and rng.random() < config.exploitation_ratio else correct
        return int(pool[draw_power_law(rng, population.scores[pool], config.exploitation_alpha)])
    if not len(elites):
        return int(correct[int(np.argmax(population.scores[correct]))])
    drawn = draw_weighted(rng, population.scores[elites], population.children[elites], config.parent_selection_lambda)
    return int(elites[drawn])


def _leaders(population: Population, correct: np.ndarray, count: int) -> np.ndarray:
    """The island's best few, without sorting all of it."""
    if len(correct) <= count:
        return correct
    scores = population.scores[correct]
    return correct[np.argpartition(-scores, count)[:count]]
