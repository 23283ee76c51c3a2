"""Who uses the server of a Prefect home, and which server that is: two files with locks on them.

Every user of a home's server holds the lease shared, the server itself takes it exclusively when the
last user has let go, and keeps it until it is gone; so a newcomer joins a server that stays or waits
for the end of one that goes. The kernel lets go for a user that is killed, and counts by open file, so
two runners in one process are two users. The other file tells where the server is and is locked by it
for as long as it lives, so it can be believed without asking whether a process number is still the same.

The files carry the machine's name: a home on a network drive has one server per machine.
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

LOG_NAME = "evolution-server.log"
# In every answer of a server of ours: whose it is (`Place.mark`), or that it is for everybody.
MARK_HEADER = "x-evolution-server"
LASTING = "lasting"


class LockedFile:
    """A file of which one open description is held, to lock it.

    Raises:
        OSError: The file cannot be made or opened.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def share(self) -> bool:
        """Takes the lock together with others, unless somebody has it alone."""
        return self._try(fcntl.LOCK_SH)

    def take(self) -> bool:
        """Takes the lock alone, unless anybody else has it."""
        return self._try(fcntl.LOCK_EX)

    def write(self, text: str) -> None:
        """Replaces what the file holds. The lock is on the file, so it stays the same one."""
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, text.encode(), 0)

    def close(self) -> None:
        """Lets go."""
        os.close(self._descriptor)

    def _try(self, kind: int) -> bool:
        try:
            fcntl.flock(self._descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@dataclass(frozen=True)
class ServerState:
    """What a server says about itself.

    Attributes:
        pid: Its process.
        host: The address that it listens on, as one that can be connected to.
        port: The port.
        path: Of the API, `/api` as a rule.
        version: Of its Prefect; empty until it is loaded.
        lasting: It stays until it is stopped, whoever uses it.
    """

    pid: int
    host: str
    port: int
    path: str
    version: str = ""
    lasting: bool = False

    @property
    def url(self) -> str:
        """Of the API."""
        return f"http://{self.host}:{self.port}{self.path}"


@dataclass(frozen=True)
class Place:
    """The files about the server of one Prefect home on this machine."""

    home: Path

    @property
    def log(self) -> Path:
        """What the server prints."""
        return self.home / LOG_NAME

    @property
    def lease_file(self) -> Path:
        """Held by whoever uses the server."""
        return self.home / f"evolution-server.{platform.node()}.lock"

    @property
    def state_file(self) -> Path:
        """Written and held by the server."""
        return self.home / f"evolution-server.{platform.node()}.json"

    @property
    def mark(self) -> str:
        """Tells this home's own server from another home's, without saying where it is."""
        return sha256(str(self.home.resolve()).encode()).hexdigest()[:16]

    def serving(self) -> bool:
        """Whether a server of this home lives, up or starting."""
        with _opened(self.state_file) as file:
            return not file.share()

    def state(self) -> ServerState | None:
        """What the server that lives, or the last one that did, has written; None when there is nothing to read."""
        with suppress(OSError, ValueError, TypeError):
            return ServerState(**json.loads(self.state_file.read_text(encoding="utf-8")))
        return None

    def in_use(self) -> bool:
        """Whether anybody but the caller, who must have let go, holds the lease."""
        with _opened(self.lease_file) as file:
            return not file.take() and file.share()


def state_text(state: ServerState) -> str:
    """The state as it is written."""
    return json.dumps(asdict(state))


@contextmanager
def _opened(path: Path) -> Generator[LockedFile, None, None]:
    file = LockedFile(path)
    try:
        yield file
    finally:
        file.close()
