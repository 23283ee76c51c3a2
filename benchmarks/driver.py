"""One run of a case, in a process of its own so that its memory and CPU can be told apart."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shinka_core.run import Run


async def main(options: dict[str, Any]) -> None:
    # Nothing that loads Prefect: a user's script leaves that to the runner, which starts the server meanwhile.
    from flows.runner import AsyncEvolutionRunner
    from shinka_core.config import DatabaseConfig, EvolutionConfig, job_of

    runs = keep_runs()
    task = Path(__file__).parent / "task"
    runner = AsyncEvolutionRunner(
        EvolutionConfig(
            num_generations=int(options["generations"]),
            init_program_path=str(task / "initial.py"),
            results_dir=str(options["results"]),
            llm_models=["scripted"],
            ideas=None,
            tuning=None,
            llm_base_url=str(options["url"]),
            embedding_model="builtin/hashed-ngrams" if options["novelty"] else None,
            llm_prices={"scripted": {"input": 1.0, "output": 1.0}},
        ),
        job_of(
            {
                "kind": options["kind"],
                "eval_program_path": str(task / "evaluate.py"),
                "extra_cmd_args": {"sleep": options["evaluation"]},
            }
        ),
        DatabaseConfig(),
        verbose=False,
        max_evaluation_jobs=int(options["width"]),
        max_proposal_jobs=int(options["width"]),
    )
    summary = await runner.run()
    progress = runs[0].progress
    assert progress.first_sampled_at is not None and progress.last_recorded_at is not None
    print(
        json.dumps(
            {
                "seconds": progress.last_recorded_at - progress.first_sampled_at,
                "first_sampling": time.time() - time.monotonic() + progress.first_sampled_at,
                "programs": summary.programs,
                "failures": summary.failures,
                "stopped": summary.stopped_early,
            }
        )
    )


def keep_runs() -> list[Run]:
    """A list that the runs of this process will be in, for what they know of their progress."""
    import shinka_core.run

    found: list[Run] = []
    usual = shinka_core.run.open_run

    @asynccontextmanager
    async def open_run(*arguments: Any, **options: Any) -> AsyncGenerator[Run, None]:
        async with usual(*arguments, **options) as run:
            found.append(run)
            yield run

    shinka_core.run.open_run = open_run
    return found


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
