"""From the settings to the periodic steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from shinka_core.errors import ConfigError
from shinka_core.periodic.protocol import PERIODICS, Named


def periodics_of(specs: Sequence[str | dict[str, Any]]) -> tuple[Named, ...]:
    """The steps that settings name; the second of a name is `name-2` to the record.

    Raises:
        ConfigError: One is not there, or a parameter is wrong.
    """
    found: list[Named] = []
    seen: Counter[str] = Counter()
    for spec in specs:
        try:
            step = PERIODICS.create(spec)
        except ConfigError as error:
            raise ConfigError(f"periodic: {error}") from error
        name = str(spec["name"] if isinstance(spec, dict) else spec)
        seen[name] += 1
        found.append(Named(name if seen[name] == 1 else f"{name}-{seen[name]}", step))
    return tuple(found)
