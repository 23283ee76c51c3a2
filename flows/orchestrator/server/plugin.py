"""What `prefect server start` takes from this project when it is started in its folder.

`[tool.prefect.plugins]` in pyproject.toml turns Prefect's plugins on, and the installed package names
this module as one (entry point group `prefect.plugins`). In a server's process it gives the SQLite
database one connection, as our own server does; everywhere else it does nothing.

Without it, two of the server's writers that meet may hold each other up for a minute: a write that finds
the database locked leaves a cursor to the garbage collector, which waits for that cursor's connection,
which waits for the lock, whose holder waits for the thread that collects. See `docs/orchestration.md`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from prefect.plugins import register_hook


@register_hook
def setup_environment(**_: Any) -> None:
    """Called when Prefect is imported, with a context that is of no use here."""
    if is_server(sys.orig_argv):
        from flows.orchestrator.server.app import prepare

        prepare()


def is_server(command: Sequence[str]) -> bool:
    """Whether a command line is `prefect server start`, however it is spelled."""
    words = [word for word in command if not word.startswith("-")]
    return any(pair == ("server", "start") for pair in pairwise(words))
