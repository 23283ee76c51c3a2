"""The process of our own server: who it is, when it ends, and what it need not do before it answers.

A server that a run starts lives as long as anybody holds its home's lease (`lease.py`), and ends by
itself after the last one; so nobody ends it for another. A lasting one (`python -m flows.server`) ends
when it is told to. Prefect is loaded last: what can be found wrong before is told within a tenth of a second.
"""

from __future__ import annotations

import argparse
import gc
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from flows.orchestrator.server.lease import LASTING, MARK_HEADER, LockedFile, Place, ServerState, state_text
from shinka_core.errors import ShinkaError

if TYPE_CHECKING:
    import uvicorn

SAID = "error: "  # begins the line in the log in which the server says by itself why it does not start
BASE_PATH = "PREFECT_SERVER_API_BASE_PATH"
ALREADY_SERVED = 75
PORT_TAKEN = 76
NOT_STARTED = 3
LOOK_PERIOD = 0.25
LAST_WRITES = 0.5  # what is between a websocket and the recorder's queue; the recorder empties that itself
LONGEST_END = 10.0
LONGEST_ANSWER = 3
_PATIENCE = 0.5  # for those who look whether the state is locked, which takes them a moment of the lock


@dataclass(frozen=True)
class Serving:
    """How a server is to run.

    Attributes:
        home: Its Prefect home; None for one whose database is elsewhere, which shares nothing with the home's own.
        host: The address to listen on.
        port: The port.
        only_that_port: Give up when the port is taken, instead of taking another.
        lasting: Stay until told to end, instead of until the last user of the lease has gone.
    """

    home: Path | None
    host: str = "127.0.0.1"
    port: int = 4200
    only_that_port: bool = False
    lasting: bool = False


def serve(serving: Serving, when_up: Callable[[ServerState], None] = lambda _: None) -> int:
    """Runs the server to its end.

    Args:
        serving: How.
        when_up: Called when it answers.

    Returns:
        The exit code: 0 after an orderly end, ALREADY_SERVED, PORT_TAKEN, and others when it did not start.
    """
    place = Place(serving.home) if serving.home else None
    state_file = LockedFile(place.state_file) if place else None
    if state_file is not None and not _take(state_file):
        return ALREADY_SERVED
    listening = bind(serving)
    if listening is None:
        return PORT_TAKEN
    ending = _Ending(None if serving.lasting else place)
    port = int(listening.getsockname()[1])
    path = api_path(os.environ.get(BASE_PATH))
    state = ServerState(os.getpid(), reachable(serving.host), port, path, version("prefect"), serving.lasting)
    if state_file is not None:
        state_file.write(state_text(state))
    gc.disable()  # a fifth of the time of loading Prefect is looking for garbage that is not there
    from flows.orchestrator.server.settings import settle

    settle(state)
    headers = [(MARK_HEADER, place.mark if place and not serving.lasting else LASTING)]
    server = ending.server_of(_configuration(headers), lambda: when_up(state))
    server.run(sockets=[listening])
    return 0 if server.started else NOT_STARTED


def _configuration(headers: list[tuple[str, str]]) -> uvicorn.Config:
    import uvicorn

    return uvicorn.Config(
        "flows.orchestrator.server.app:create",
        factory=True,
        log_level="error",
        access_log=False,
        timeout_graceful_shutdown=LONGEST_ANSWER,
        headers=headers,
    )


def bind(serving: Serving) -> socket.socket | None:
    """The port that was asked for, or any when it is taken and another will do; None when it will not."""
    family = socket.AF_INET6 if ":" in serving.host else socket.AF_INET
    for port in (serving.port,) if serving.only_that_port else (serving.port, 0):
        listening = socket.socket(family)
        # A port of which an earlier server's connections are only closing is free.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((serving.host, port))
        except OSError:
            listening.close()
            continue
        listening.set_inheritable(True)
        return listening
    return None


def reachable(host: str) -> str:
    """The address that a server on `host` is reached at from this machine."""
    if host in {"0.0.0.0", "", "::"}:
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def api_path(base_path: str | None) -> str:
    """Where the API is, by PREFECT_SERVER_API_BASE_PATH."""
    base = (base_path or "").strip("/")
    return f"/{base}" if base else "/api"


def _take(state_file: LockedFile) -> bool:
    until = time.monotonic() + _PATIENCE
    while not state_file.take():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


class _Ending:
    """When the server ends: by a signal, or with the lease."""

    def __init__(self, leased: Place | None) -> None:
        """Takes over the signals, and looks whether anybody holds the lease when there is one."""
        self._leased = leased
        self._told = False
        self._server: uvicorn.Server | None = None
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.on_signal)
        if leased is not None:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            threading.Thread(target=self._watch, args=(leased,), name="lease", daemon=True).start()

    def server_of(self, config: uvicorn.Config, when_up: Callable[[], None]) -> uvicorn.Server:
        """A server that asks here what a signal means."""
        import uvicorn

        ending = self

        class Server(uvicorn.Server):
            def handle_exit(self, sig: int, frame: FrameType | None) -> None:
                ending.on_signal(sig, frame)

            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets)
                gc.enable()
                gc.freeze()  # what is loaded stays; there is no use in looking through it again
                when_up()

        self._server = Server(config)
        return self._server

    def on_signal(self, number: int, _: FrameType | None) -> None:
        """Ends the server, but not at the first word while a run needs it.

        A signal to all processes of a service reaches the server together with the runs that use it.
        They have a last word to write, and then the server ends with the lease.
        """
        if self._leased is not None and not self._told and self._leased.in_use():
            self._told = True
            return
        self._end(number)

    def _watch(self, place: Place) -> None:
        lease = LockedFile(place.lease_file)
        while not lease.take():
            time.sleep(LOOK_PERIOD)
        # From here on nobody can join: a newcomer waits for our end.
        if self._server is not None and self._server.started:
            time.sleep(LAST_WRITES)
        self._end(0)
        time.sleep(LONGEST_END)
        os._exit(0)

    def _end(self, number: int) -> None:
        if self._server is None or not self._server.started:
            os._exit(128 + number if number else 0)  # still loading: nobody has been answered yet
        self._server.force_exit = self._server.should_exit  # told twice
        self._server.should_exit = True


def main() -> None:
    """Runs the server that a run wants, as its arguments say."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--only-that-port", action="store_true")
    arguments = parser.parse_args()
    try:
        code = serve(Serving(arguments.home, port=arguments.port, only_that_port=arguments.only_that_port))
    except ShinkaError as error:
        sys.stderr.write(f"{SAID}{error}\n")
        code = 2
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # everything is written; the interpreter's own end would take a good part of a second


if __name__ == "__main__":
    main()
