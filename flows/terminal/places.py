"""Where the evolutions are that a command is to look at."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from shinka_core.config.starting import split_run
from shinka_core.report.build import STDIN, Place


def read_places(results: Sequence[str]) -> list[Place]:
    """Where the evolutions are that somebody named: a results folder, a database, or either with `:name` after it.

    A single `@stdin` has a place and a name read from standard input, a line each: an address may hold a password.
    """
    if list(results) == [STDIN]:
        where, name = (sys.stdin.readline().rstrip("\n") for _ in range(2))
        return [Place(where, name or None)]
    return [Place(*split_run(one)) for one in results]
