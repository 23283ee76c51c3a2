"""From the settings of the search to its strategies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from shinka_core.config import DatabaseConfig, IslandConfig
from shinka_core.errors import ConfigError
from shinka_core.population.archives import ARCHIVES
from shinka_core.population.inspirations import INSPIRATIONS, InspirationSelector
from shinka_core.population.islands import ISLANDS
from shinka_core.population.migration import MIGRATIONS
from shinka_core.population.parents import PARENTS
from shinka_core.population.search import OwnSearch, Search
from shinka_core.population.spawning import Narrowing, SpawnSettings, check_spawning
from shinka_core.registry import Registry, Spec

T = TypeVar("T")


def search_of(config: DatabaseConfig) -> Search:
    """The strategies that settings name, with the settings of old as their parameters where they give none.

    Raises:
        ConfigError: One is not there, or a parameter is wrong; names the field.
    """
    run = OwnSearch(
        _made(PARENTS, "parent_selection_strategy", config.parent_selection_strategy, _parents(config)),
        _shown(config, "inspiration_strategies", config.inspiration_strategies),
    )
    return Search(
        islands=_made(ISLANDS, "island_selection_strategy", config.island_selection_strategy, {}),
        parents=run.parents,
        inspirations=run.inspirations,
        archive=_made(ARCHIVES, "archive_strategy", config.archive_strategy, _archives(config)),
        migration=_made(MIGRATIONS, "migration_strategy", config.migration_strategy, _migrations(config)),
        inspired=config.inspiration_share,
        own=tuple(_own(config, run, number, own) for number, own in enumerate(config.islands)),
    )


def _own(config: DatabaseConfig, run: OwnSearch, number: int, own: IslandConfig) -> OwnSearch:
    place = f"islands[{number}]"
    return OwnSearch(
        run.parents if own.parents is None else _made(PARENTS, f"{place}.parents", own.parents, _parents(config)),
        run.inspirations if own.inspirations is None else _shown(config, f"{place}.inspirations", own.inspirations),
    )


def _shown(config: DatabaseConfig, field: str, specs: Sequence[Spec]) -> tuple[InspirationSelector, ...]:
    return tuple(_made(INSPIRATIONS, field, spec, _inspirations(config)) for spec in specs)


def spawning_of(config: DatabaseConfig, selector: object) -> SpawnSettings | None:
    """When islands come and go; None when those that the run begins with are all there are.

    Args:
        selector: Of islands; one that gives some of them up retires them.

    Raises:
        ConfigError: The settings cannot work together; names the field.
    """
    if config.stagnation_threshold is None:
        return SpawnSettings(max_islands=config.num_islands) if isinstance(selector, Narrowing) else None
    settings = SpawnSettings(
        stagnation_threshold=config.stagnation_threshold,
        cooldown=config.island_cooldown,
        max_islands=config.max_islands,
        origin=config.island_origin,
        replace=config.replace_worst_island,
    )
    check_spawning(settings, config.num_islands, selector)
    return settings


def _made(registry: Registry[T], field: str, spec: Spec, defaults: Mapping[str, Mapping[str, Any]]) -> T:
    try:
        return registry.create(spec, defaults)
    except ConfigError as error:
        raise ConfigError(f"{field}: {error}") from error


def _parents(config: DatabaseConfig) -> dict[str, dict[str, Any]]:
    return {
        "weighted": {"sharpness": config.parent_selection_lambda},
        "power_law": {"alpha": config.exploitation_alpha, "exploitation_ratio": config.exploitation_ratio},
    }


def _inspirations(config: DatabaseConfig) -> dict[str, dict[str, Any]]:
    return {
        "archive": {
            "count": config.num_archive_inspirations,
            "elite_ratio": config.elite_selection_ratio,
            "separate": config.enforce_island_separation,
        },
        "top_k": {"count": config.num_top_k_inspirations},
    }


def _archives(config: DatabaseConfig) -> dict[str, dict[str, Any]]:
    size = {"size": config.archive_size}
    return {"fitness": size, "crowding": size, "criteria": size, "pareto": {"size": max(config.archive_size, 2)}}


def _migrations(config: DatabaseConfig) -> dict[str, dict[str, Any]]:
    copies = {"keep_best": config.island_elitism}
    chosen = {"share": config.migration_rate} if config.migration_rate else {}
    return {
        "random": copies | {"share": config.migration_rate},  # the default, and with the default rate nobody moves
        "ring": copies | chosen,
        "broadcast": copies | chosen,
    }
