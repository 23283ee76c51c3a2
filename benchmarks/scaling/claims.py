"""How many generations a second several drivers claim on one database, each in a process of its own."""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.scaling.load import DURABLE
from benchmarks.table import Row
from shinka_core.config import DatabaseConfig
from shinka_core.database import AsyncProgramDatabase
from shinka_core.database.address import address_of
from shinka_core.database.claims import Claims
from shinka_core.database.store import Store
from tests.support.postgres import binaries, running_postgres
from tests.support.prefect import ROOT

CLAIMANTS = (1, 3, 10)
SECONDS = 5.0


def measured() -> Iterator[Row]:
    """One row for each database and number of claimants."""
    for count in CLAIMANTS:
        with tempfile.TemporaryDirectory() as folder:
            yield _row("SQLite", measure("e.sqlite", folder, count))
    if binaries() is None:
        print("Postgres: left out, there is none on this machine", file=sys.stderr)
        return
    with running_postgres(*DURABLE) as cluster, tempfile.TemporaryDirectory() as folder:
        for count in CLAIMANTS:
            yield _row("Postgres", measure(cluster.url, folder, count))


def measure(database: str, folder: str, count: int) -> list[dict[str, Any]]:
    """What each of so many claimants measured, all at once on an evolution of their own."""
    name = f"claims-{time.time_ns()}"
    asyncio.run(_begin(database, folder, name))
    options = {"database": database, "folder": folder, "evolution": name, "at": time.time() + 3.0}
    claimants = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.scaling.claims", json.dumps(options | {"owner": f"driver-{number}"})],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )
        for number in range(count)
    ]  # fmt: skip
    return [json.loads(claimant.communicate()[0]) for claimant in claimants]


def _row(database: str, found: list[dict[str, Any]]) -> Row:
    numbers = [number for one in found for number in one["numbers"]]
    assert len(set(numbers)) == len(numbers), "a generation was claimed twice"
    times = [seconds for one in found for seconds in one["seconds"]]
    return {
        "database": database,
        "claimants": len(found),
        "claims/s": round(len(numbers) / SECONDS),
        "ms per claim (95 %, most)": f"{1000 * statistics.median(times):.1f} "
        f"({1000 * statistics.quantiles(times, n=20)[-1]:.1f}, {1000 * max(times):.0f})",
        "fewest and most of one": f"{min(len(one['numbers']) for one in found)}, {max(len(one['numbers']) for one in found)}",
    }


async def _begin(database: str, folder: str, name: str) -> None:
    async with AsyncProgramDatabase(DatabaseConfig(db_path=database), folder) as made:
        await made.begin(name, seed=1, settings={})


async def _claim(options: dict[str, Any]) -> None:
    store = Store(address_of(options["database"], Path(options["folder"])))
    await store.open()
    claims = Claims(store, options["evolution"], options["owner"], 10**9)
    numbers, seconds = list[int](), list[float]()
    await asyncio.sleep(max(options["at"] - time.time(), 0.0))
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        began = time.perf_counter()
        claim = await claims.next()
        seconds.append(time.perf_counter() - began)
        assert claim is not None
        numbers.append(claim.number)
    await store.close()
    print(json.dumps({"numbers": numbers, "seconds": seconds}))


if __name__ == "__main__":
    asyncio.run(_claim(json.loads(sys.argv[1])))
