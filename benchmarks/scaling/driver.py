"""One evolution whose evaluations are all in flight at once, in a process of its own: prints what it measured.

With the Prefect flows, or the steps of the core in a plain loop.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from benchmarks.scaling import launcher
from flows.metrics.loop_lag import LoopLag
from shinka_core.config import CustomJobConfig, DatabaseConfig, EvolutionConfig
from shinka_core.database.store import Store
from shinka_core.run import Run
from shinka_core.tally import Spread

TASK = Path(__file__).parents[1] / "task"


def time_of_the_database() -> tuple[Counter[str], dict[str, float]]:
    """Counts transactions and reads of this process, and the seconds of each."""
    counts: Counter[str] = Counter()
    seconds: dict[str, float] = {"write": 0.0, "read": 0.0}
    begin, read = Store.begin, Store.read

    @asynccontextmanager
    async def timed_begin(self: Store) -> AsyncGenerator[AsyncConnection, None]:
        began = time.perf_counter()
        try:
            async with begin(self) as connection:
                yield connection
        finally:
            counts["write"] += 1
            seconds["write"] += time.perf_counter() - began

    async def timed_read(self: Store, work: Callable[[AsyncConnection], Awaitable[Any]]) -> Any:
        began = time.perf_counter()
        try:
            return await read(self, work)
        finally:
            counts["read"] += 1
            seconds["read"] += time.perf_counter() - began

    Store.begin, Store.read = timed_begin, timed_read  # type: ignore[method-assign]
    return counts, seconds


def percentile(spread: Spread, share: float) -> float:
    """The bound below which that share of the values lies; the largest value when none does."""
    seen = 0
    for bound, count in zip((*spread.bounds, spread.most), spread.counts, strict=True):
        seen += count
        if seen >= share * sum(spread.counts):
            return min(bound, spread.most)
    return spread.most


async def main(options: dict[str, Any]) -> None:
    counts, seconds = time_of_the_database()
    evolve = EvolutionConfig(
        num_generations=options["generations"], init_program_path=str(TASK / "initial.py"), ideas=None, tuning=None,
        results_dir=options["results"], embedding_model=None, exact_duplicates="evaluate", report=False,
    )  # fmt: skip
    named = {
        "name": "benchmarks.scaling.launcher:AllAtOnce",
        "width": options["generations"],
        "seconds": options["spread"],
    }
    job = CustomJobConfig(launcher=named, eval_program_path=str(TASK / "evaluate.py"))
    database = DatabaseConfig(db_path=options["database"])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    lag = LoopLag()
    run = await (_with_flows if options["flows"] else _without)(evolve, job, database, options, lag)
    times, progress, held = resource.getrusage(resource.RUSAGE_SELF), run.progress, launcher.made[-1]
    assert progress.last_recorded_at is not None
    print(
        json.dumps(
            {
                "fill": held.full_at - held.first_at,
                "drain": progress.last_recorded_at - held.full_at,
                "in_flight": held.in_flight,
                "recorded": progress.recorded,
                "failed": progress.failed,
                "commits": run.database.journal.commits,
                "reads": counts["read"],
                "write_seconds": seconds["write"],
                "read_seconds": seconds["read"],
                "cpu": times.ru_utime + times.ru_stime,
                "memory_before": before,
                "memory": times.ru_maxrss / 1024,
                "lag_p50": percentile(lag.spread, 0.5),
                "lag_p99": percentile(lag.spread, 0.99),
                "lag_most": lag.spread.most,
            }
        )
    )


async def _with_flows(
    evolve: EvolutionConfig, job: CustomJobConfig, database: DatabaseConfig, options: dict[str, Any], lag: LoopLag
) -> Run:
    from benchmarks.driver import keep_runs
    from flows.runner import AsyncEvolutionRunner

    runs = keep_runs()
    runner = AsyncEvolutionRunner(
        evolve, job, database, verbose=False, max_evaluation_jobs=options["generations"],
        max_proposal_jobs=options["proposals"],
    )  # fmt: skip
    async with lag:
        await runner.run()
    return runs[0]


async def _without(
    evolve: EvolutionConfig, job: CustomJobConfig, database: DatabaseConfig, options: dict[str, Any], lag: LoopLag
) -> Run:
    from shinka_core.run import open_run
    from shinka_core.settings import RunSettings
    from tests.support import bare

    settings = RunSettings(
        f"load-{time.time_ns()}", Path(options["results"]), evolve, job, database, options["proposals"],
        options["generations"],
    )  # fmt: skip
    async with open_run(settings) as run, lag:
        await bare.live(run, 0)
        async with asyncio.TaskGroup() as group:
            for number in range(1, options["generations"] + 1):
                # As many as may propose and as many to follow them: ten thousand that all begin in one turn of the
                # event loop would be the measurement's own doing.
                while run.proposals.waiting > options["proposals"]:  # noqa: ASYNC110 - slots have no such event
                    await asyncio.sleep(0.01)
                group.create_task(bare.live(run, number))
        await run.database.finish("finished")
    return run


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
