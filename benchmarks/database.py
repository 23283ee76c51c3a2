"""How sampling, novelty and insertion grow with the population: `python -m benchmarks.database [--postgres]`.

Fills an evolution of one island with programs of about 3 kB and 384-float embeddings, opens it, and
times single operations; medians and 95th percentiles of 100.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from sqlalchemy import insert

from benchmarks.__main__ import about, markdown
from shinka_core.config import DatabaseConfig
from shinka_core.database import AsyncProgramDatabase
from shinka_core.database.rows import program_rows
from shinka_core.database.schema import GenerationRow, IslandMemberRow
from shinka_core.database.writer import execute_rows
from shinka_core.program import GenerationContext, Program, new_program_id
from shinka_core.source import Source

SIZES = (1_000, 10_000, 100_000)
REPEATS = 100
DIMENSIONS = 384
BATCH = 1_000
CODE = "x = 1.0  # a line of a program\n" * 100


def program(number: int, rng: np.random.Generator, parent: str | None) -> Program:
    """One that could have been evolved."""
    return Program(
        id=new_program_id(), generation=number, source=Source.of(f"{CODE}y = {number}\n", "python"), island=0,
        score=float(rng.normal()), correct=bool(rng.random() < 0.7), name=f"program_{number}", description="A change.",
        diff="+y", parent_id=parent, patch_type=None if number == 0 else "diff", model="m",
    )  # fmt: skip


def embedding(rng: np.random.Generator) -> np.ndarray:
    """A direction, `(384,)` float32 of unit length."""
    vector = rng.normal(size=DIMENSIONS).astype(np.float32)
    return vector / np.linalg.norm(vector)


async def fill(database: AsyncProgramDatabase, name: str, size: int, rng: np.random.Generator) -> None:
    """Writes the rows of a population in batches, past the interface that would take one at a time."""
    await database.begin(name, seed=0, settings={})
    first = program(0, rng, None)
    for start in range(0, size, BATCH):
        programs = [first if n == 0 else program(n, rng, first.id) for n in range(start, min(start + BATCH, size))]
        async with database._engine.begin() as connection:
            await execute_rows(connection, [row for one in programs for row in program_rows(one, name, embedding(rng))])
            await connection.execute(
                insert(IslandMemberRow), [{"evolution": name, "island": 0, "program_id": one.id} for one in programs]
            )
            await connection.execute(
                insert(GenerationRow),
                [{"evolution": name, "number": one.generation, "state": "recorded"} for one in programs],
            )
    await database.finish("stopped")


async def timed(act: Callable[[], Awaitable[Any]]) -> tuple[float, float]:
    """Median and 95th percentile of one operation, in milliseconds."""
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        await act()
        times.append(1000 * (time.perf_counter() - started))
    return statistics.median(times), statistics.quantiles(times, n=20)[-1]


async def measure(config: DatabaseConfig, folder: Path, kind: str, size: int) -> dict[str, Any]:
    """One row of the table."""
    rng = np.random.default_rng(size)
    name = f"bench-{size}-{time.time_ns()}"
    async with AsyncProgramDatabase(config, folder) as database:
        await fill(database, name, size, rng)
    before = psutil.Process().memory_info().rss
    async with AsyncProgramDatabase(config, folder) as database:
        started = time.perf_counter()
        await database.resume(name)
        opened = time.perf_counter() - started
        memory = (psutil.Process().memory_info().rss - before) / 1e6
        seed = await database.by_generation(0)
        assert seed is not None
        numbers = iter(range(size, size + REPEATS))

        async def sample() -> None:
            context = GenerationContext(name, int(rng.integers(10**9)), 0)
            await database.sample(context, 0, lambda _rng, _choice: ("diff", "m"))

        async def nearest() -> None:
            await database.nearest(0, embedding(rng))

        async def add() -> None:
            number = next(numbers)
            await database.journal.claim(number)
            await database.add(program(number, rng, seed.id), embedding(rng))

        figures = {}
        for operation, act in (("sample", sample), ("novelty", nearest), ("claim + insert", add)):
            middle, high = await timed(act)
            figures[f"{operation} ms"] = f"{middle:.2f} ({high:.2f})"
        return {
            "database": kind,
            "programs": size,
            **figures,
            "open s": round(opened, 2),
            "memory MB": round(memory),
        }


async def main(arguments: argparse.Namespace) -> None:
    """Measures, prints and writes."""
    rows = []
    with ExitStack() as stack:
        kinds = {"SQLite": DatabaseConfig(num_islands=1)}
        if arguments.postgres:
            from tests.support.postgres import running_postgres

            cluster = stack.enter_context(running_postgres())
            kinds["Postgres"] = DatabaseConfig(num_islands=1, db_path=cluster.url)
        for kind, config in kinds.items():
            for size in arguments.size or SIZES:
                with tempfile.TemporaryDirectory() as folder:
                    rows.append(await measure(config, Path(folder), kind, size))
                print(markdown(rows[-1:], head=len(rows) == 1), flush=True)
    arguments.output.mkdir(parents=True, exist_ok=True)
    facts = about(REPEATS)
    (arguments.output / "database.json").write_text(json.dumps({"about": facts, "rows": rows}, indent=2))
    title = ", ".join(f"{key} {value}" for key, value in facts.items())
    (arguments.output / "database.md").write_text(f"{title}\n\n{markdown(rows)}\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, action="append", help="programs (repeatable)")
    parser.add_argument("--postgres", action="store_true", help="measure a Postgres of its own as well")
    parser.add_argument("--output", type=Path, default=Path("bench-results"), help="folder for the tables")
    asyncio.run(main(parser.parse_args()))
