"""A driver of several on one evolution, as a process of its own: it runs to the end, and says what it made of the record.

python -m tests.support.joining '{"name": ..., "results": ..., "database": ..., "url": ..., "generations": 60, ...}'
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from flows.open_runs import expecting
from flows.runner import AsyncEvolutionRunner
from shinka_core.config import DatabaseConfig, EvolutionConfig, InProcessJobConfig, LocalJobConfig
from shinka_core.database import drivers, ownership
from shinka_core.run import Run

# What the tests give them: small islands that move now and then.
SEARCH: dict[str, Any] = {"num_islands": 2, "archive_size": 5, "migration_interval": 7, "migration_rate": 0.3}


def runner(options: dict[str, Any]) -> AsyncEvolutionRunner:
    job: Any = InProcessJobConfig(eval_program_path=f"{options['task']}/evaluate.py")
    if options.get("processes"):
        job = LocalJobConfig(eval_program_path=f"{options['task']}/evaluate.py", isolation="limits")
    return AsyncEvolutionRunner(
        EvolutionConfig(
            num_generations=options["generations"],
            init_program_path=f"{options['task']}/initial.py",
            results_dir=options["results"],
            llm_models=["m"],
            llm_base_url=options["url"],
            llm_prices={"m": {"input": 1.0, "output": 1.0}},
            llm_kwargs={"max_tokens": 2000},
            max_api_costs=options.get("budget"),
            **options.get("evolve", {}),
        ),
        job,
        db_config=DatabaseConfig(**SEARCH | ({"db_path": options["database"]} if options["database"] else {})),
        verbose=False,
        max_proposal_jobs=options.get("width", 4),
        max_evaluation_jobs=options.get("width", 4),
        name=options["name"],
        join=True,
    )


def digest(run: Run) -> str:
    """All of the population in this process that decides."""
    population = run.database._population
    view, stats = population.view(), population.stats()
    arrays = (
        view.scores, view.correct, view.children, view.parents, view.generations, view.births, *view.islands,
        view.elites, view.embeddings, stats.numbers, *stats.failures,
    )  # fmt: skip
    made = hashlib.sha256(" ".join(view.ids).encode())
    for array in arrays:
        made.update(np.ascontiguousarray(array).tobytes())
    return made.hexdigest()


async def main(options: dict[str, Any]) -> None:
    drivers.LEASE = options.get("lease", drivers.LEASE)
    if "machine" in options:  # the others cannot see whether its process runs
        ownership._machine = lambda: {"boot": options["machine"], "processes": ""}
    runs: list[Run] = []
    with expecting(options["name"], runs.append):
        summary = await runner(options).run()
    told = {"programs": summary.programs, "cost": summary.cost, "stopped": summary.stopped_early}
    with suppress(IndexError):
        run = runs[0]
        told |= {"digest": digest(run), "ended": run.database.ended, "spent": run.progress.cost}
        told |= {
            "seconds": run.progress.seconds,
            "results": sorted(path.name for path in Path(options["results"]).glob("gen_*")),
        }
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
