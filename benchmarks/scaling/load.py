"""Thousands of evaluations at once: what each part sees of one generation.

For each size, database and way to run: the driver fills up until all evaluations are in flight, then these end at random
within some seconds. A proxy before Postgres and one before the Prefect server count what goes over the network.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import psutil

from benchmarks.scaling.proxy import Proxy, counting
from benchmarks.table import Row
from tests.support.postgres import Postgres, binaries, running_postgres
from tests.support.prefect import PLAIN_SERVER, ROOT, serving

OURS = ("-m", "flows.server", "--port")
# A server as it is installed; the tests' own is told not to wait for the disk.
DURABLE = ("fsync=on", "track_io_timing=on", "max_connections=300")


@dataclass(frozen=True)
class Way:
    """How it is run, and where the parts keep what they keep.

    Attributes:
        postgres: Programs are in Postgres, else in SQLite.
        server: What starts the Prefect server, up to its port; None: without the flows.
        server_postgres: It keeps its database in the same Postgres.
    """

    name: str
    postgres: bool
    server: tuple[str, ...] | None = None
    server_postgres: bool = False


WAYS = (
    Way("core, SQLite", False),
    Way("core, Postgres", True),
    Way("flows, SQLite, make server", False, OURS),
    Way("flows, SQLite, prefect server start", False, PLAIN_SERVER),
    Way("flows, Postgres, make server on Postgres", True, OURS, server_postgres=True),
)


def measured(ways: list[Way], sizes: list[int], spread: float, proposals: int) -> Iterator[Row]:
    """One row for each way and size."""
    for way in ways:
        if way.postgres and binaries() is None:
            print(f"{way.name}: left out, there is no PostgreSQL on this machine", file=sys.stderr)
            continue
        for size in sizes:
            yield measure(way, size, spread or size / 100, proposals)


def measure(way: Way, size: int, spread: float, proposals: int) -> Row:
    """One run."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="load-")))
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        environment |= {"PREFECT_HOME": str(folder / "prefect"), "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
        (folder / "prefect").mkdir()
        cluster = stack.enter_context(running_postgres(*DURABLE)) if way.postgres else None
        database, proxy = "evolution.sqlite", None
        if cluster is not None:
            proxy = stack.enter_context(counting("127.0.0.1", cluster.port))
            asyncio.run(_make(cluster, "evolutions", "prefect"))
            database = f"postgresql://tester@127.0.0.1:{proxy.port}/evolutions"
        api, server = _server(way, environment, cluster, folder, stack)
        before = _figures(cluster, proxy, api, server)
        options = {
            "generations": size, "spread": spread, "proposals": proposals, "database": database,
            "results": str(folder / "run"), "flows": way.server is not None,
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.scaling.driver", json.dumps(options)],
            cwd=ROOT, env=environment, capture_output=True, text=True,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(f"{way.name}, {size} failed:\n{done.stdout[-1000:]}{done.stderr[-4000:]}")
        found = json.loads(done.stdout.strip().splitlines()[-1])
        after = _figures(cluster, proxy, api, server)
        found |= {name: after[name] - before[name] for name in after}
        if cluster is None:
            found["kept"] = sum(path.stat().st_size for path in (folder / "run").glob("evolution.sqlite*"))
        found["server_memory"] = server.memory_info().rss / 1e6 if server is not None else 0.0
        return row(way, size, found)


def row(way: Way, size: int, found: dict[str, Any]) -> Row:
    """Per generation where that says more."""
    wall = found["fill"] + found["drain"]

    def each(name: str, unit: float = 1.0, digits: int = 1) -> Any:
        return round(found[name] / unit / size, digits) if name in found else "-"

    def only(flows: bool, value: Any) -> Any:
        return value if flows else "-"

    flows = way.server is not None
    return {
        "run": way.name,
        "at once": found["in_flight"],
        "recorded": found["recorded"],
        "fill s": round(found["fill"], 1),
        "drain s": round(found["drain"], 1),
        "gen/s": round(size / wall, 1),
        "commits": each("commits", digits=2),
        "reads": each("reads", digits=2),
        "writer busy": f"{found['write_seconds'] / wall:.0%}",
        "ms writing": each("write_seconds", 0.001),
        "ms in Postgres": each("active", 1.0, 2),
        "kB kept": each("kept", 1000),
        "kB WAL": each("wal", 1000),
        "kB to/from database": f"{each('database_sent', 1000)}/{each('database_received', 1000)}"
        if way.postgres
        else "-",
        "API requests": only(flows, each("api_requests", digits=1)),
        "kB to/from API": only(flows, f"{each('api_sent', 1000)}/{each('api_received', 1000)}"),
        "driver CPU ms": each("cpu", 0.001),
        "server CPU ms": only(flows, each("server_cpu", 0.001)),
        "driver MB": f"{found['memory_before']:.0f} → {found['memory']:.0f}",
        "server MB": only(flows, round(found["server_memory"])),
        "loop lag ms, half/99 %/most": "/".join(
            f"{1000 * found[f'lag_{part}']:.0f}" for part in ("p50", "p99", "most")
        ),
    }


def _server(
    way: Way, environment: dict[str, str], cluster: Postgres | None, folder: Path, stack: ExitStack
) -> tuple[Proxy | None, psutil.Process | None]:
    if way.server is None:
        return None, None
    given = dict(environment)
    if way.server_postgres and cluster is not None:
        given["PREFECT_SERVER_DATABASE_CONNECTION_URL"] = (
            f"postgresql+asyncpg://tester@127.0.0.1:{cluster.port}/prefect"
        )
    url = stack.enter_context(serving(way.server, given, ROOT, folder / "server.log"))
    port = int(url.rpartition(":")[2].partition("/")[0])
    listening = next(
        one for one in psutil.Process().children(recursive=True)
        if any(c.laddr and c.laddr.port == port and c.status == "LISTEN" for c in one.net_connections())
    )  # fmt: skip
    proxy = stack.enter_context(counting("127.0.0.1", port))
    environment["PREFECT_API_URL"] = f"http://127.0.0.1:{proxy.port}/api"
    return proxy, listening


def _figures(
    cluster: Postgres | None, proxy: Proxy | None, api: Proxy | None, server: psutil.Process | None
) -> dict[str, float]:
    """What has been counted so far, outside of the driver."""
    found: dict[str, float] = {}
    if cluster is not None and proxy is not None:
        counts = proxy.counts()
        found |= {"database_sent": counts["sent"], "database_received": counts["received"]}
        found |= asyncio.run(_statistics(cluster))
    if api is not None and server is not None:
        counts, times = api.counts(), server.cpu_times()
        found |= {"api_sent": counts["sent"], "api_received": counts["received"], "api_requests": counts["requests"]}
        found["server_cpu"] = times.user + times.system
    return found


async def _make(cluster: Postgres, *names: str) -> None:
    connection = await asyncpg.connect(cluster.url)
    for name in names:
        await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()


async def _statistics(cluster: Postgres) -> dict[str, float]:
    """Of the database of programs; milliseconds in statements, bytes kept, and of the whole cluster's log."""
    await asyncio.sleep(1.5)  # they are written down with a delay
    connection = await asyncpg.connect(cluster.url)
    active = await connection.fetchval("SELECT active_time FROM pg_stat_database WHERE datname = 'evolutions'")
    kept = await connection.fetchval("SELECT pg_database_size('evolutions')")
    wal = await connection.fetchval("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn")
    await connection.close()
    return {"active": float(active or 0.0), "kept": float(kept), "wal": float(wal)}
