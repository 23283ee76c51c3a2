"""Nothing holds up the event loop, however large programs, answers and populations are."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from shinka_core import generation as steps
from shinka_core.config import DatabaseConfig, EvolutionConfig, LocalJobConfig
from shinka_core.program import Failure
from shinka_core.run import Run, RunSettings, open_run
from tests.support.bare import FakeLauncher
from tests.support.model_server import ModelServer, Script
from tests.support.watchdog import watched_loop

LINES = 30_000


def program(lines: int, *, outside: int = 0) -> str:
    rng = random.Random(1)
    around = "".join(f"AROUND_{n} = {rng.random()}\n" for n in range(outside))
    block = "".join(f"value_{n} = f({rng.random()}, {rng.randrange(100)})\n" for n in range(lines))
    return f"{around}# EVOLVE-BLOCK-START\n{block}# EVOLVE-BLOCK-END\n{around}"


def settings(folder: Path, code: str, database: dict[str, Any] | None = None, **evolve: Any) -> RunSettings:
    (folder / "initial.txt").write_text(code)
    (folder / "evaluate.py").write_text("")
    config = EvolutionConfig(init_program_path=str(folder / "initial.txt"), num_generations=3, **evolve)
    job = LocalJobConfig(eval_program_path=str(folder / "evaluate.py"), isolation="none")
    return RunSettings("run", folder / "results", config, job, DatabaseConfig(**database or {}), 2, 2)


async def live(run: Run, number: int) -> None:
    """One generation, from sampling to its record."""
    opened = await steps.open_generation(run, number)
    if number == 0:
        await steps.embed_seed(opened)
        candidate, sampling = steps.seed_candidate(run), None
    else:
        sampling = await steps.sample(opened, 0)
        answer = await steps.query(opened, sampling, 0)
        candidate = await steps.patch(opened, sampling, answer, 0)
        assert not isinstance(candidate, Failure), candidate
        verdict = await steps.judge(opened, sampling, candidate, 0)
        assert verdict.novel, verdict
    evaluation = await steps.evaluate(opened, await steps.submit(opened, candidate.code))
    await steps.record(opened, sampling, candidate, evaluation)


def change(messages: list[dict[str, str]], number: int) -> str:
    return f"<<<<<<< SEARCH\nLAST = 0\n=======\nLAST = 0\nadded_{number} = {number}\n>>>>>>> REPLACE\n"


@pytest.mark.parametrize("model", ["m", "gpt-4.1"])
async def test_a_generation_of_a_megabyte(tmp_path: Path, model: str) -> None:
    code = program(10, outside=20_000).replace("# EVOLVE-BLOCK-END", "LAST = 0\n# EVOLVE-BLOCK-END")
    assert len(code) > 1_000_000
    async with ModelServer(Script(answer=change)) as server:
        config = settings(
            tmp_path, code, llm_models=[model], llm_base_url=server.url, patch_types=["diff"], patch_type_probs=[1],
            max_program_size=2_000_000,
        )  # fmt: skip
        async with open_run(config, resume=False) as run:
            run.launcher = FakeLauncher()
            with watched_loop() as watch:
                for number in range(4):
                    await live(run, number)
            print(watch.all, watch.pause)
