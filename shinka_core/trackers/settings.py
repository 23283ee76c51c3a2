"""From the settings to the trackers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shinka_core.callbacks import Callbacks
from shinka_core.errors import ConfigError
from shinka_core.trackers.tracker import TRACKERS


def trackers_of(specs: Sequence[str | dict[str, Any]]) -> tuple[Callbacks, ...]:
    """The trackers that settings name, which know of no run yet.

    Raises:
        ConfigError: One is not there, its library is missing, or a parameter is wrong.
    """
    try:
        return tuple(TRACKERS.create(spec) for spec in specs)
    except ConfigError as error:
        raise ConfigError(f"trackers: {error}") from error
