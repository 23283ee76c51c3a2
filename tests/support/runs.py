"""Whole runs for the tests: the scripted model beside them, the command line, and what they leave behind."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import asyncpg

from tests.support import local_http
from tests.support.prefect import ROOT, environment_for

TASK = ROOT / "benchmarks" / "task"


class ServerProcess:
    """The scripted model in a process of its own."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.model_server", *arguments],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()

    def stats(self) -> dict[str, Any]:
        return local_http.get(self.url.replace("/v1", "/stats")).json()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def model_server(*arguments: str) -> Iterator[ServerProcess]:
    """A scripted model for the length of the block."""
    server = ServerProcess(*arguments)
    try:
        yield server
    finally:
        server.close()


def begin(*arguments: str, api: str, home: Path, **extra: str) -> subprocess.Popen[str]:
    """Starts the command line in a process of its own, output and errors in one pipe."""
    return subprocess.Popen(
        [sys.executable, "flows/evolve.py", *arguments], cwd=ROOT, env=environment_for(api, home, **extra),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def command(*arguments: str, api: str = "", home: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The command line in this process: what a process of its own does, without loading everything anew.

    Args:
        api: The Prefect server to run against; without one the command must not need any.
    """
    from flows.terminal.main import run

    output, errors = io.StringIO(), io.StringIO()
    with settings_for(api, home), contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        code = run(list(arguments))
    return subprocess.CompletedProcess(list(arguments), code, output.getvalue(), errors.getvalue())


@contextmanager
def settings_for(api: str, home: Path | None) -> Iterator[None]:
    """This process talks to that server, and has no key, as long as the block lasts."""
    environment = {key: value for key, value in os.environ.items() if key != "OPENAI_API_KEY"}
    environment |= {"PREFECT_API_URL": api} if api else {}
    environment |= {"PREFECT_HOME": str(home)} if home else {}
    with mock.patch.dict(os.environ, environment, clear=True):
        if not api:
            yield
            return
        from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings

        with temporary_settings({PREFECT_API_URL: api, PREFECT_HOME: home}):
            yield


class Records:
    """Reads a program database beside the run that writes it.

    Args:
        url: A PostgreSQL, or "" for the file in the results folder.
    """

    def __init__(self, results: Path, url: str = "") -> None:
        self._results = results
        self._url = url

    def __call__(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of one query; it must read the same in both databases."""
        return asyncio.run(self._fetch(query)) if self._url else rows(self._results, query)

    async def _fetch(self, query: str) -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(self._url)
        try:
            return [tuple(record) for record in await connection.fetch(query)]
        finally:
            await connection.close()


def rows(results: Path, query: str) -> list[tuple[Any, ...]]:
    with sqlite3.connect(results / "evolution.sqlite") as connection:
        return connection.execute(query).fetchall()


def flow_runs(api: str, **flow_run_filter: Any) -> list[dict[str, Any]]:
    response = local_http.post(f"{api}/flow_runs/filter", json={"flow_runs": flow_run_filter})
    response.raise_for_status()
    return response.json()


def generation_of(run: dict[str, Any]) -> str:
    """Which generation a flow run is of: its name says that first, then what came of it."""
    return run["name"].split()[0]


def wait_until(condition: Callable[[], object], seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"nothing came of it within {seconds} s"
        time.sleep(0.1)
