"""Whether a place is a run of another system, and of which."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from shinka_core.errors import ConfigError
from shinka_core.imports import open_evolve, shinka_evolve
from shinka_core.imports.foreign import ForeignRun
from shinka_core.naming import DEFAULT_DATABASE, is_begun


@dataclass(frozen=True, slots=True)
class Peer:
    """How the runs of another system are found and read.

    Attributes:
        find: What to read of a place; None where there is nothing of that system.
        read: Reads it; the score is the name of a metric, or None for the system's own.
    """

    find: Callable[[Path], Path | None]
    read: Callable[[Path, str | None], ForeignRun]


PEERS = (Peer(shinka_evolve.find, shinka_evolve.read), Peer(open_evolve.find, open_evolve.read))


def is_foreign(where: str) -> bool:
    """Whether another system's run is there; a folder with a run of ours is ours, whatever else is in it."""
    return _found(where) is not None


def read_foreign(where: str, score: str | None = None) -> ForeignRun:
    """Reads the run of another system.

    Args:
        score: Name of the metric that is the score; None for the system's own.

    Raises:
        ConfigError: There is none, or it is broken.
    """
    found = _found(where)
    if found is None:
        raise ConfigError(
            f"{where!r} is no run that is understood; name the results folder or the database (programs.sqlite) of "
            "ShinkaEvolve, or a checkpoint folder of OpenEvolve"
        )
    peer, place = found
    return peer.read(place, score)


def _found(where: str) -> tuple[Peer, Path] | None:
    place = Path(where).expanduser()
    if "://" in where or is_begun(place) or (place / DEFAULT_DATABASE).is_file():
        return None
    for peer in PEERS:
        if found := peer.find(place):
            return peer, found
    return None
