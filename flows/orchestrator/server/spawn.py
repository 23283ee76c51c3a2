"""The process of our own server, started. Light: the command line does this before it loads anything large."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from flows.orchestrator.server.lease import Place
from flows.orchestrator.server.settings import environment

_LONGEST_LOG = 10_000_000


@dataclass(frozen=True)
class Wanted:
    """The server that a run wants.

    Attributes:
        place: Where its files are.
        settings: The user's own settings for it, as an environment.
        port: To listen on.
        only_that_port: Another will not do: clients know this one.
        auth: What it asks its clients for, `user:password`.
    """

    place: Place
    settings: dict[str, str]
    port: int
    only_that_port: bool = False
    auth: str | None = None


@dataclass(frozen=True)
class Spawned:
    """A process that starts.

    Attributes:
        process: It.
        log_from: Where in the log its words begin.
    """

    process: subprocess.Popen[bytes]
    log_from: int


def spawn(wanted: Wanted) -> Spawned:
    """Starts the process, in a session of its own: Ctrl-C is for the run.

    It belongs to nobody: it ends with the last user of its home's lease, of which the caller must hold one.
    """
    command = [sys.executable, "-P", "-m", "flows.orchestrator.server.process"]
    command += ["--home", str(wanted.place.home), "--port", str(wanted.port)]
    command += ["--only-that-port"] if wanted.only_that_port else []
    made = environment(wanted.settings, lasting=False)
    made["PREFECT_HOME"] = str(wanted.place.home)
    # Wherever the caller found this package the server finds it too.
    made["PYTHONPATH"] = os.pathsep.join(filter(None, (str(Path(__file__).parents[3]), made.get("PYTHONPATH", ""))))
    log = wanted.place.log
    if log.exists() and log.stat().st_size > _LONGEST_LOG:
        log.replace(log.with_suffix(".old.log"))
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            env=made,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        return Spawned(process, output.tell())
