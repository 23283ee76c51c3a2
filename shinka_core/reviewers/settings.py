"""From the settings to the reviewer."""

from __future__ import annotations

from typing import Any

from shinka_core.errors import ConfigError
from shinka_core.reviewers.protocol import REVIEWERS, Reviewer


def reviewer_of(spec: str | dict[str, Any] | None) -> Reviewer | None:
    """The reviewer that settings name, or None.

    Raises:
        ConfigError: There is none of that name, or a parameter is wrong.
    """
    if spec is None:
        return None
    try:
        return REVIEWERS.create(spec)
    except ConfigError as error:
        raise ConfigError(f"reviewer: {error}") from error
