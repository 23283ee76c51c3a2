"""Who is in the archive, told from the record alone: nothing stores it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shinka_core.config import DatabaseConfig
from shinka_core.errors import ShinkaError
from shinka_core.population.settings import search_of
from shinka_core.population.state import Population
from shinka_core.record import Event


def archive_of(events: Sequence[Event], settings: Mapping[str, Any]) -> list[str]:
    """Ids of the archive's members after these events.

    Args:
        events: All of one evolution, in order.
        settings: That it was run with, by section.

    Returns:
        None of them where this installation lacks what the settings name.
    """
    database = {name: value for name, value in settings.get("database", {}).items() if name != "db_path"}
    seed = int(settings.get("evolution", {}).get("seed") or 0)
    try:
        config = DatabaseConfig(**database)
        population = Population(config.num_islands, search_of(config).archive, seed)
        population.load(events)
    except (ShinkaError, ValueError, TypeError, IndexError):
        return []
    return [population.ids[position] for position in population.elites]
