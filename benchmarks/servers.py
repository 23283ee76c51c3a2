"""The command that users type, on each Prefect server that they may have.

100 generations of circle packing, from the command to its end: `python flows/evolve.py
examples/circle_packing --generations 100`. The servers: the one that a run starts for itself, with an
empty and with a used Prefect home; `prefect server start` in the project's folder, elsewhere, and on
Postgres; `python -m flows.server` on Postgres; and several evolutions at once on one of them.
"""

from __future__ import annotations

import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.meter import Meter
from benchmarks.table import Row
from tests.support.postgres import binaries, running_postgres
from tests.support.prefect import PLAIN_SERVER, ROOT, serving

GENERATIONS = 100
OURS = ("-m", "flows.server", "--port")


@dataclass(frozen=True)
class Kind:
    """A server that runs talk to.

    Attributes:
        command: What starts it, up to its port; nothing when a run starts its own.
        postgres: It keeps its database there.
        elsewhere: It is started in another folder than the project's, where it finds no settings of it.
        warm: Its home has been used before.
        evolutions: At once.
    """

    name: str
    command: tuple[str, ...] = ()
    postgres: bool = False
    elsewhere: bool = False
    warm: bool = True
    evolutions: int = 1


KINDS = (
    Kind("a run's own, empty home", warm=False),
    Kind("a run's own"),
    Kind("prefect server start", PLAIN_SERVER),
    Kind("prefect server start, elsewhere", PLAIN_SERVER, elsewhere=True),
    Kind("prefect server start, Postgres", PLAIN_SERVER, postgres=True),
    Kind("make server", OURS),
    Kind("make server, Postgres", OURS, postgres=True),
    Kind("prefect server start, 4 at once", PLAIN_SERVER, evolutions=4),
    Kind("make server, 4 at once", OURS, evolutions=4),
)


def measured(kinds: list[Kind], repeat: int) -> Iterator[Row]:
    """One row for each server."""
    for kind in kinds:
        if kind.postgres and binaries() is None:
            print(f"{kind.name}: left out, there is no PostgreSQL on this machine", file=sys.stderr)
            continue
        yield median(kind, [measure(kind) for _ in range(repeat)])


def measure(kind: Kind) -> dict[str, Any]:
    """One run, or several at once; with several the slowest counts."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        environment |= {"PREFECT_HOME": str(folder / "prefect"), "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
        (folder / "prefect").mkdir()
        if kind.command:
            given = dict(environment)
            if kind.postgres:
                database = stack.enter_context(running_postgres()).url
                given["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = database.replace("://", "+asyncpg://")
            where = folder if kind.elsewhere else ROOT
            server = serving(kind.command, given, where, folder / "server.log")
            environment["PREFECT_API_URL"] = stack.enter_context(server)
        if kind.warm:
            _evolve(environment, folder / "warm-up", 5).communicate()
        began = time.time()
        runs = [_evolve(environment, folder / f"run-{number}", GENERATIONS) for number in range(kind.evolutions)]
        meter = Meter(runs[0].pid)
        outputs = [run.communicate()[0] for run in runs]
        seconds = time.time() - began
        meter.stop()
        for run, output in zip(runs, outputs, strict=True):
            if run.returncode:
                raise SystemExit(f"{kind.name} failed:\n{output[-3000:]}")
        programs, first = _what_was_recorded(folder / "run-0" / "evolution.sqlite")
        log = folder / "server.log"
        return {
            "seconds": seconds,
            "start": first - began,
            "start_cpu": meter.cpu_until(first),
            "programs": programs,
            "locked": log.read_text(errors="replace").count("database is locked") if log.exists() else 0,
        }


def median(kind: Kind, runs: list[dict[str, Any]]) -> Row:
    """The medians of the runs on one kind of server."""
    seconds = statistics.median(run["seconds"] for run in runs)
    own = not kind.command
    return {
        "server": kind.name,
        "whole command s": round(seconds, 1),
        "slowest": round(max(run["seconds"] for run in runs), 1),
        "gen/s": round(kind.evolutions * GENERATIONS / seconds, 1),
        "first sampling s": round(statistics.median(run["start"] for run in runs), 1),
        "CPU s until then": round(statistics.median(run["start_cpu"] for run in runs), 1) if own else "-",
        "programs": min(run["programs"] for run in runs),
        "locked": max(run["locked"] for run in runs),
    }


def _evolve(environment: dict[str, str], results: Path, generations: int) -> subprocess.Popen[str]:
    command = [sys.executable, "flows/evolve.py", "examples/circle_packing", "--generations", str(generations)]
    return subprocess.Popen(
        [*command, "--results", str(results)],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _what_was_recorded(database: Path) -> tuple[int, float]:
    """How many programs, and when the first generation was begun, in seconds since the epoch."""
    with sqlite3.connect(database) as connection:
        (programs,) = connection.execute("SELECT count(*) FROM programs").fetchone()
        query = "SELECT min(julianday(started_at) - 2440587.5) * 86400.0 FROM generations WHERE number > 0"
        (first,) = connection.execute(query).fetchone()
    return programs, first
