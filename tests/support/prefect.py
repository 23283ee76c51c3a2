"""A real Prefect server for the tests, the one that runs would start for themselves."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

SCRIPT = """
import sys
from flows.orchestrator.local_server import _own_server  # never one that somebody else runs here
with _own_server(lambda line: None) as url:
    print(url, flush=True)
    sys.stdin.read()
"""


@contextmanager
def running_prefect(home: Path) -> Iterator[str]:
    """Starts a server of its own in `home`; yields the URL of its API."""
    environment = {**os.environ, "PREFECT_HOME": str(home)}
    environment.pop("PREFECT_API_URL", None)
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdout is not None
    assert process.stdin is not None
    url = process.stdout.readline().strip()
    assert url, "the Prefect server did not start"
    try:
        yield url
    finally:
        process.stdin.close()
        process.wait(timeout=30)


def evolve(
    *arguments: str, api: str, home: Path, timeout: float = 240, **extra: str
) -> subprocess.CompletedProcess[str]:
    """Runs the command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "flows/evolve.py", *arguments],
        cwd=ROOT,
        env=environment_for(api, home, **extra),
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def environment_for(api: str, home: Path, **extra: str) -> dict[str, str]:
    """The environment of a run against a server."""
    environment = {**os.environ, "PREFECT_HOME": str(home), "PREFECT_API_URL": api, **extra}
    environment.pop("OPENAI_API_KEY", None)
    return environment | extra
