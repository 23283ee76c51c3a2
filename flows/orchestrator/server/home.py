"""The Prefect home, looked at before Prefect is loaded: without one it does not even load."""

from __future__ import annotations

import os
from pathlib import Path

from shinka_core.errors import ConfigError


def check_home() -> None:
    """Makes sure that there is a folder for what Prefect keeps: its settings, and the database of a server of our own.

    Raises:
        ConfigError: There is none, as for a user without a home folder in a container.
    """
    named = os.environ.get("PREFECT_HOME")
    try:
        home = Path(named or "~/.prefect").expanduser()
    except RuntimeError:
        raise ConfigError(
            "this user has no home folder, where Prefect would keep its files; name a folder: PREFECT_HOME=..."
        ) from None
    try:
        home.mkdir(parents=True, exist_ok=True)
        usable = os.access(home, os.W_OK | os.X_OK)
        reason = "no permission"
    except OSError as error:
        usable, reason = False, error.strerror
    if not usable and not os.environ.get("PREFECT_API_URL"):
        raise ConfigError(
            f"PREFECT_HOME={home} cannot be written to ({reason}); name a folder that can be: PREFECT_HOME=..."
        )
