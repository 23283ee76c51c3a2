"""Our own server started before anything large is loaded, so that both processes load at once.

Whether a run wants a server of its own is a matter of Prefect's settings, which take a second or two to
load. As long as nothing but the environment can have set those that decide it, they can be told at
once. Should it turn out otherwise, the server is let go of and ends by itself.
"""

from __future__ import annotations

import os
import socket
import sys
import tomllib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.orchestrator.server.lease import LockedFile, Place
from flows.orchestrator.server.spawn import Spawned, Wanted, spawn

WELL_KNOWN_PORT = 4200
# Settings that decide where the server is and who may use it; any of them elsewhere than in the environment is for Prefect.
_DECIDING = ("PREFECT_API_URL", "PREFECT_PROFILE", "PREFECT_PROFILES_PATH", "PREFECT_SERVER_API_AUTH_STRING")


@dataclass
class Early:
    """A server that is starting.

    Attributes:
        place: Whose it is.
        lease: Holds it until the run holds it itself.
        spawned: What starts.
    """

    place: Place
    lease: LockedFile
    spawned: Spawned


_begun: list[Early] = []


def begin_early() -> None:
    """Starts the server when it is plain that the run will want one, and it is not there yet."""
    if _begun or "prefect" in sys.modules or not _only_the_environment_decides():
        return
    port = int(os.environ.get("PREFECT_SERVER_API_PORT") or WELL_KNOWN_PORT)
    if _somebody_listens(port):
        return
    with suppress(OSError):  # it will be told where it is waited for
        place = Place(_home())
        place.home.mkdir(parents=True, exist_ok=True)
        lease = LockedFile(place.lease_file)
        if lease.share() and not place.serving():
            _begun.append(Early(place, lease, spawn(Wanted(place, dict(os.environ), port))))
        else:
            lease.close()


def take_early(place: Place) -> Spawned | None:
    """Hands over what was begun for a place whose lease the caller holds by now; lets go of any other."""
    spawned = None
    while _begun:
        early = _begun.pop()
        early.lease.close()
        if early.place == place:
            spawned = early.spawned
    return spawned


def drop_early() -> None:
    """Lets go of what was begun: it is not wanted after all."""
    while _begun:
        _begun.pop().lease.close()


def _home() -> Path:
    return Path(os.environ.get("PREFECT_HOME") or "~/.prefect").expanduser()


def _only_the_environment_decides() -> bool:
    if any(os.environ.get(name) for name in _DECIDING):
        return False
    try:
        profiles = _home() / "profiles.toml"
        if profiles.exists() and "PREFECT_" in profiles.read_text(encoding="utf-8"):
            return False
        if Path(".env").exists() and "PREFECT_" in Path(".env").read_text(encoding="utf-8"):
            return False
        return not any(
            map(_decides, (_table("prefect.toml"), _table("pyproject.toml").get("tool", {}).get("prefect", {})))
        )
    except (OSError, RuntimeError, ValueError, AttributeError):
        return False


def _decides(table: dict[str, Any]) -> bool:
    return bool({"api", "home", "profiles_path"} & table.keys()) or "api" in table.get("server", {})


def _table(name: str) -> dict[str, Any]:
    path = Path(name)
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _somebody_listens(port: int) -> bool:
    with socket.socket() as asking:
        asking.settimeout(0.5)
        return asking.connect_ex(("127.0.0.1", port)) == 0
