"""Who is copied to another island, and when."""

from __future__ import annotations

import numpy as np

from shinka_core.config import DatabaseConfig
from shinka_core.database.population import Population
from shinka_core.selection.islands import draw_migrants


def plan_migration(config: DatabaseConfig, population: Population, seed: int) -> list[tuple[int, int]]:
    """The moves that are due with the newest program: every `migration_interval` programs after the first.

    Programs are counted and not generations, of which the one that a migration waited for may have failed.

    Args:
        seed: Of the run; with the count of programs it decides who moves.

    Returns:
        Positions in the population, each with the island that it is copied to.
    """
    newest, islands = len(population) - 1, len(population.islands)
    if newest < 1 or newest % config.migration_interval or config.migration_rate == 0 or islands == 1:
        return []
    rng = np.random.default_rng([seed, newest, islands])
    moves: list[tuple[int, int]] = []
    for island in range(islands):
        members = population.islands[island].members.rows
        correct = members[population.correct[members]]
        migrants = draw_migrants(
            rng, population.scores[correct], config.migration_rate, keep_best=config.island_elitism
        )
        for index in migrants:
            target = (island + 1 + int(rng.integers(islands - 1))) % islands
            move = (int(correct[index]), target)
            if not population.islands[target].holds(move[0]) and move not in moves:
                moves.append(move)
    return moves
