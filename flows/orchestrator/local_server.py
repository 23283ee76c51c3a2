"""A Prefect server to talk to: the configured one, one that already runs here, or our own.

Prefect would start a temporary server by itself, but with a limit of 20 seconds that a loaded
machine does not meet, without its UI, and left running when the process that wanted it is killed.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from importlib import import_module

import httpx

from flows.orchestrator.profile import SERVER
from shinka_core.errors import ConfigError

WELL_KNOWN_PORT = 4200
OK = 200
LOG_NAME = "evolution-server.log"
START_LIMIT = 180.0
PROBE_LIMIT = 10.0
DRAIN_LIMIT = 5.0
RECORDER_FLUSH = 1.2  # a little more than the recorder's interval in `flows.orchestrator.profile`
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

Tell = Callable[[str], None]


@contextmanager
def prefect_server(tell: Tell) -> Generator[str, None, None]:
    """Finds or starts a Prefect server and points this process at it.

    Args:
        tell: Receives one line about what is happening.

    Yields:
        The URL of the API. A server that was started here ends with the block.

    Raises:
        ConfigError: The configured server does not answer, or ours does not start.
    """
    from prefect.settings import PREFECT_API_URL, temporary_settings

    configured = PREFECT_API_URL.value()
    if configured:
        _expect_answer(configured)
        tell(f"Prefect server: {configured} (configured)")
        yield configured
        return
    running = f"http://127.0.0.1:{WELL_KNOWN_PORT}/api"
    if _answers(running):
        tell(f"Prefect server: {running} (already running here)")
        with temporary_settings({PREFECT_API_URL: running}):
            yield running
        return
    with _own_server(tell) as url, temporary_settings({PREFECT_API_URL: url}):
        yield url


@contextmanager
def _own_server(tell: Tell) -> Generator[str, None, None]:
    port = _free_port()
    url = f"http://127.0.0.1:{port}/api"
    tell("Prefect server: starting one on this machine (5 to 20 seconds; PREFECT_API_URL names another)")
    started = time.monotonic()
    process = _start(port)
    try:
        _load_meanwhile()
        _wait_until_up(process, url, tell, started)
        tell(f"Prefect server: ready after {time.monotonic() - started:.1f} s, UI at http://127.0.0.1:{port}")
        yield url
        _send_what_waits()
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _load_meanwhile() -> None:
    """Imports what a run needs next: a second or two that would otherwise follow the server's own."""
    import_module("flows.evolve")
    import_module("shinka_core.llm.openai_provider")


def _send_what_waits() -> None:
    """Sends the last events and log lines, and gives the server time to write them down.

    Prefect would send them when the interpreter ends, when this server is no longer there.
    """

    def drain() -> None:
        EventsWorker.drain_all(timeout=DRAIN_LIMIT)
        APILogWorker.drain_all(timeout=DRAIN_LIMIT)

    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    # In a thread, because inside an event loop Prefect would hand back something to await.
    thread = threading.Thread(target=drain, daemon=True)
    thread.start()
    thread.join(2 * DRAIN_LIMIT)
    time.sleep(RECORDER_FLUSH)


def _start(port: int) -> subprocess.Popen[bytes]:
    from prefect.settings import PREFECT_HOME, get_current_settings

    # The application that `prefect server start` serves, without the second process that the
    # command line keeps around it.
    command = [sys.executable, "-m", "uvicorn", "--factory", "flows.orchestrator.server_app:create"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--log-level", "error", "--no-access-log"]
    environment = {
        **os.environ,
        **SERVER,
        **get_current_settings().to_environment_variables(exclude_unset=True),
        "PREFECT_SERVER_API_PORT": str(port),
        "PREFECT_UI_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT__SERVER_FINAL": "1",
    }
    environment.pop("PREFECT_API_URL", None)
    log = PREFECT_HOME.value() / LOG_NAME
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the run, which then ends the server last
            preexec_fn=_end_with_parent,
        )


def _end_with_parent() -> None:
    """Asks the kernel to end the server with us, even when we are killed (Linux)."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _wait_until_up(process: subprocess.Popen[bytes], url: str, tell: Tell, started: float) -> None:
    told = started
    while not _answers(url):
        now = time.monotonic()
        if process.poll() is not None:
            raise ConfigError(
                f"the local Prefect server ended at once (exit code {process.returncode}); "
                f"its last words are in {LOG_NAME} in PREFECT_HOME"
            )
        if now - started > START_LIMIT:
            raise ConfigError(
                f"the local Prefect server did not answer within {START_LIMIT:.0f} s; start one and set PREFECT_API_URL"
            )
        if now - told > PROBE_LIMIT:
            told = now
            tell(f"Prefect server: still starting ({now - started:.0f} s)")
        time.sleep(0.1)


def _expect_answer(url: str) -> None:
    if "127.0.0.1" not in url and "localhost" not in url:
        return  # a remote server may want credentials that only Prefect's own client knows
    if not _answers(url, timeout=PROBE_LIMIT):
        raise ConfigError(
            f"PREFECT_API_URL={url} does not answer; start it with `prefect server start`, or unset the variable"
        )


def _answers(url: str, timeout: float = 1.0) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=timeout, trust_env=False).status_code == OK
    except httpx.HTTPError:
        return False


def _free_port() -> int:
    for port in (WELL_KNOWN_PORT, 0):
        with socket.socket() as probe:
            # As the server will: a port of which an earlier server's connections are only closing is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ConfigError("no free port on 127.0.0.1 for a local Prefect server")
