"""One run of a case, in a process of its own so that its memory and CPU can be told apart."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

START = time.time()


async def main(options: dict[str, float | int | str | bool | None]) -> None:
    from flows.pool import drive
    from flows.runner import AsyncEvolutionRunner
    from shinka_core.config import DatabaseConfig, EvolutionConfig, LocalJobConfig

    spans: list[tuple[float, float]] = []

    async def timed(run):
        stopped = await drive(run)
        progress = run.progress
        assert progress.first_sampled_at is not None and progress.last_recorded_at is not None
        spans.append((progress.first_sampled_at, progress.last_recorded_at))
        return stopped

    import flows.evolve

    flows.evolve.drive = timed
    task = Path(__file__).parent / "task"
    runner = AsyncEvolutionRunner(
        EvolutionConfig(
            num_generations=int(options["generations"]),
            init_program_path=str(task / "initial.py"),
            results_dir=str(options["results"]),
            llm_models=["scripted"],
            llm_base_url=str(options["url"]),
            embedding_model="builtin/hashed-ngrams" if options["novelty"] else None,
            llm_prices={"scripted": {"input": 1.0, "output": 1.0}},
        ),
        LocalJobConfig(
            eval_program_path=str(task / "evaluate.py"),
            extra_cmd_args={"sleep": options["evaluation"]},
        ),
        DatabaseConfig(),
        verbose=False,
        max_evaluation_jobs=int(options["width"]),
        max_proposal_jobs=int(options["width"]),
    )
    summary = await runner.run()
    wall_start = time.time() - time.monotonic() + spans[0][0]
    print(
        json.dumps(
            {
                "seconds": spans[0][1] - spans[0][0],
                "startup": wall_start - START,
                "programs": summary.programs,
                "failures": summary.failures,
                "stopped": summary.stopped_early,
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
