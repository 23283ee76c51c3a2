"""Whole evolutions in which nothing is left to timing: one generation after the other, every choice drawn from a seed.

`python -m tests.golden.evolutions API` writes their stories into tests/assets/golden: only ever from a version
whose choices are to be kept.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.support.model_server import ModelServer, Script
from tests.support.prefect import ROOT

STORIES = ROOT / "tests" / "assets" / "golden"
GENERATIONS = 24

SEED = """import math

# EVOLVE-BLOCK-START
def values():
    first = 0.125
    second = 0.25
    third = 0.5
    fourth = 0.75
    return [first, second * math.pi, third, fourth]
# EVOLVE-BLOCK-END
"""

# The score is smooth in the numbers, so that there is something to climb; some programs are wrong by their digest.
EVALUATOR = """
import argparse, hashlib, json, pathlib, runpy
arguments = argparse.ArgumentParser()
arguments.add_argument("--program_path")
arguments.add_argument("--results_dir")
arguments.add_argument("--wrong", type=int, default=0)
arguments.add_argument("--broken_seed", type=int, default=0)
options = arguments.parse_args()
text = pathlib.Path(options.program_path).read_text()
values = runpy.run_path(options.program_path)["values"]()
score = 10.0 - sum((value - target) ** 2 for value, target in zip(values, (0.2, 0.7, 0.6, 0.9)))
digest = int(hashlib.sha256(text.encode()).hexdigest(), 16)
correct = not (options.wrong and digest % options.wrong == 0) and not (options.broken_seed and "0.125" in text)
results = pathlib.Path(options.results_dir)
metrics = {"combined_score": score, "public": {"first": values[0]}, "text_feedback": f"{score:.6f}"}
(results / "metrics.json").write_text(json.dumps(metrics))
(results / "correct.json").write_text(json.dumps({"correct": correct, "error": "" if correct else "it is wrong"}))
"""

SERVED = {"llm_models": ["one", "two"], "llm_weights": [0.7, 0.3]}

# The defaults when the stories were written.
BEFORE: dict[str, Any] = {
    "num_islands": 2,
    "parent_selection_strategy": "weighted",
    "island_selection_strategy": "uniform",
    "inspiration_share": 1.0,
}

# By name: settings of the sections, and what the scripted model does in its first answers.
EVOLUTIONS: dict[str, dict[str, Any]] = {
    "mutate-weighted": {"evolution": {"seed": 1}, "database": {"num_islands": 2}},
    "mutate-power-law": {
        "evolution": {"seed": 2},
        "database": {"parent_selection_strategy": "power_law", "num_islands": 3, "exploitation_alpha": 0.7},
    },
    "model-equal-islands": {
        "evolution": {"seed": 3, **SERVED},
        "database": {"island_selection_strategy": "equal", "num_islands": 3, "archive_size": 5},
        "faults": ["", "no_code", "", "", "", "truncated", "", *["no_code"] * 8],
    },
    "model-migration": {
        "evolution": {"seed": 4, **SERVED, "patch_types": ["diff", "cross"], "patch_type_probs": [0.5, 0.5]},
        "database": {
            "migration_rate": 0.4, "migration_interval": 5, "num_islands": 3, "parent_selection_strategy": "power_law",
            "num_archive_inspirations": 3, "num_top_k_inspirations": 2, "enforce_island_separation": False,
        },
        "job": {"wrong": 5},
    },
    "model-broken-seed": {
        "evolution": {"seed": 5, "llm_models": ["one"], "embedding_model": None},
        "database": {"num_islands": 2, "archive_size": 3},
        "job": {"broken_seed": 1, "wrong": 4},
    },
}  # fmt: skip


async def story(plan: dict[str, Any], folder: Path) -> list[dict[str, Any]]:
    """Runs an evolution and tells of every generation what came of it and of what it was made.

    Args:
        plan: As those of `EVOLUTIONS`.
    """
    from prefect import flow

    from flows.generation import generation
    from flows.open_runs import registered
    from shinka_core.config import DatabaseConfig, EvolutionConfig, LocalJobConfig
    from shinka_core.run import open_run
    from shinka_core.settings import RunSettings

    (folder / "initial.py").write_text(SEED)
    (folder / "evaluate.py").write_text(EVALUATOR)
    async with ModelServer(Script(sequence=list(plan.get("faults", [])))) as server:
        evolution = {"num_generations": GENERATIONS, "init_program_path": str(folder / "initial.py")} | plan[
            "evolution"
        ]
        if "llm_models" in evolution:
            prices = {model: {"input": 1.0, "output": 2.0} for model in evolution["llm_models"]}
            evolution |= {"llm_base_url": server.url, "llm_prices": prices, "llm_retries": 0}
        settings = RunSettings(
            f"golden-{folder.name}",
            folder / "results",
            EvolutionConfig(**evolution),
            LocalJobConfig(
                eval_program_path=str(folder / "evaluate.py"), isolation="limits", extra_cmd_args=plan.get("job", {})
            ),
            DatabaseConfig(**BEFORE | plan["database"]),
        )

        @flow(name="golden", validate_parameters=False, persist_result=False)
        async def golden() -> list[dict[str, Any]]:
            async with open_run(settings) as run:
                with registered(run):
                    for number in range(GENERATIONS + 1):
                        await generation.fn(run.evolution, number)
                return await _tell(run)

        return await golden()


async def _tell(run: Any) -> list[dict[str, Any]]:
    """What the database has of each generation."""
    numbers: dict[str, int] = {}
    told: list[dict[str, Any]] = []
    for number in range(GENERATIONS + 1):
        program = await run.database.by_generation(number)
        if program is None:
            failure = (await run.database.journal.claim(number)).failure
            told.append({"generation": number, "failure": failure and f"{failure.step}: {failure.reason}"})
            continue
        numbers[program.id] = number
        told.append(
            {
                "generation": number,
                "parent": program.parent_id and numbers[program.parent_id],
                "inspirations": [numbers[inspiration] for inspiration in program.inspiration_ids],
                "island": program.island,
                "operator": program.patch_type and str(program.patch_type),
                "model": program.model,
                "score": program.score and round(program.score, 9),
                "correct": program.correct,
                "cost": round(program.cost, 9),
                "code": hashlib.sha256(program.code.encode()).hexdigest()[:16],
            }
        )
    return told


async def write(api: str) -> None:
    """Keeps the stories of this version."""
    from prefect.settings import PREFECT_API_URL, temporary_settings

    STORIES.mkdir(parents=True, exist_ok=True)
    with temporary_settings({PREFECT_API_URL: api}):
        for name in EVOLUTIONS:
            with tempfile.TemporaryDirectory() as folder:
                lines = [json.dumps(line) for line in await story(EVOLUTIONS[name], Path(folder))]
            (STORIES / f"{name}.jsonl").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1]))
