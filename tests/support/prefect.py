"""A real Prefect server for the tests, the one that runs would start for themselves, or Prefect's own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from flows.orchestrator.server.lease import LOG_NAME
from tests.support import local_http

ROOT = Path(__file__).resolve().parents[2]
PLAIN_LOG = "prefect-server.log"
PLAIN_SERVER = ("-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port")
START_LIMIT = 120.0
# What no server may write, whatever a test does to it: an error that nobody provided for.
FAULTS = ("Traceback (most recent call last)", "database is locked")

# Says where the server is and stays its only user until its input ends.
SCRIPT = """
import asyncio, sys
from flows.orchestrator.server.find import prefect_server

async def main():
    async with prefect_server(lambda line: print(line, file=sys.stderr)) as url:
        print(url, flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

asyncio.run(main())
"""


@contextmanager
def running_prefect(home: Path) -> Iterator[str]:
    """Starts our own server in `home`; yields the URL of its API, and fails when its log holds a fault.

    It is on a port of its own, so that a server that somebody else runs here is never used.
    """
    home.mkdir(parents=True, exist_ok=True)
    environment = own_home(home)
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=ROOT,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdin is not None
    url = process.stdout.readline().strip()
    assert url, f"the Prefect server did not start: {log_text(home)}"
    try:
        yield url
    finally:
        process.stdin.close()
        process.wait(timeout=30)
    assert_no_fault(home / LOG_NAME)


@contextmanager
def plain_prefect(home: Path, folder: Path | None = None, **settings: str) -> Iterator[str]:
    """Starts Prefect's own server, `prefect server start`, in `home`; fails when its log holds a fault.

    Args:
        folder: That the command is given in; `home` by default, where there are no settings of the project.
    """
    home.mkdir(parents=True, exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    environment |= {"PREFECT_HOME": str(home), "PREFECT_SERVER_ANALYTICS_ENABLED": "false"} | settings
    with serving(PLAIN_SERVER, environment, folder or home, home / PLAIN_LOG) as url:
        yield url
    assert_no_fault(home / PLAIN_LOG)


@contextmanager
def serving(command: Sequence[str], environment: dict[str, str], folder: Path, log: Path) -> Iterator[str]:
    """Starts a server in a folder and waits until it answers; yields the URL of its API.

    Args:
        command: Arguments of the interpreter, up to the port, which is chosen here.
    """
    port = free_port()
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, *command, str(port)], env=environment, cwd=folder, stdout=output, stderr=output
        )
    url = f"http://127.0.0.1:{port}/api"
    try:
        wait_until_up(url, process)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until_up(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_LIMIT
    while time.monotonic() < until:
        assert process.poll() is None, f"the server at {url} ended with {process.returncode}"
        try:
            if local_http.get(f"{url}/health", timeout=2).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise AssertionError(f"no server at {url} after {START_LIMIT:.0f} s")


def assert_no_fault(log: Path) -> None:
    """Fails when a server has written a traceback or met a locked database."""
    text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    for fault in FAULTS:
        at = text.find(fault)
        assert at < 0, f"{log.name} holds {fault!r}:\n{text[max(0, at - 1000) : at + 4000]}"


def log_text(home: Path) -> str:
    log = home / LOG_NAME
    return log.read_text(encoding="utf-8", errors="replace")[-2000:] if log.exists() else "without a word"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def own_home(home: Path, **extra: str) -> dict[str, str]:
    """The environment of a run without a configured server, whose own is on a port that nobody else uses."""
    environment = {**os.environ, "PREFECT_HOME": str(home), "PREFECT_SERVER_API_PORT": str(free_port())}
    for name in ("PREFECT_API_URL", "OPENAI_API_KEY"):
        environment.pop(name, None)
    return environment | extra


def evolve(
    *arguments: str, api: str, home: Path, timeout: float = 500, **extra: str
) -> subprocess.CompletedProcess[str]:
    """Runs the command line in a process of its own; fails when a reader would be shown a traceback."""
    done = subprocess.run(
        [sys.executable, "flows/evolve.py", *arguments],
        cwd=ROOT,
        env=environment_for(api, home, **extra),
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    assert FAULTS[0] not in done.stdout + done.stderr, done.stdout + done.stderr
    return done


def environment_for(api: str, home: Path, **extra: str) -> dict[str, str]:
    """The environment of a run against a server."""
    environment = {**os.environ, "PREFECT_HOME": str(home), "PREFECT_API_URL": api, **extra}
    environment.pop("OPENAI_API_KEY", None)
    return environment | extra
