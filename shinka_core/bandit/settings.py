"""The bandit that settings name."""

from __future__ import annotations

from shinka_core.bandit.protocol import BANDITS, Bandit
from shinka_core.config import EvolutionConfig
from shinka_core.errors import ConfigError


def bandit_of(config: EvolutionConfig) -> Bandit:
    """The bandit of a run, without any knowledge yet.

    Raises:
        ConfigError: There is none of that name, or a parameter is wrong.
    """
    try:
        return BANDITS.create(config.bandit)
    except ConfigError as error:
        raise ConfigError(f"bandit: {error}") from error
