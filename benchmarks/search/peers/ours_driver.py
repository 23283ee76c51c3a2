"""Our own runner, with settings over the defaults."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any


async def main(options: dict[str, Any]) -> None:
    from flows.runner import AsyncEvolutionRunner
    from shinka_core.config import DatabaseConfig, EvolutionConfig, job_of

    settings = options["settings"]
    evolution: dict[str, Any] = {
        "num_generations": options["proposals"],
        "max_evaluations": options["evaluations"] + 1,
        "init_program_path": f"{options['task']}/initial.py",
        "results_dir": options["results"],
        "llm_models": ["scripted"],
        "llm_base_url": options["url"],
        "llm_prices": {"scripted": {"input": 1.0, "output": 1.0}},
        "task_sys_msg": options["request"],
        "seed": options["seed"],
    }
    runner = AsyncEvolutionRunner(
        EvolutionConfig(**evolution | settings.get("evolution", {})),
        job_of({"kind": "in_process", "eval_program_path": f"{options['task']}/evaluate.py"}),
        DatabaseConfig(**settings.get("database", {})),
        verbose=False,
        max_evaluation_jobs=options["width"],
        max_proposal_jobs=options["width"],
    )
    await runner.run()


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
