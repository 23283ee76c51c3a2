"""A run leaves the event loop free, whatever its programs, answers and evaluations are like.

From its first question on: before, Prefect reads its settings several times, 30 ms each on a fast machine.
"""

from __future__ import annotations

import asyncio
import functools
import random
import ssl
from pathlib import Path

import pytest

from shinka_core.config import EvolutionConfig, LocalJobConfig
from tests.support.model_server import ModelServer, Script
from tests.support.runs import settings_for
from tests.support.watchdog import watched_loop

EVALUATOR = """
import json, sys
out = sys.argv[sys.argv.index("--results_dir") + 1]
code = open(sys.argv[sys.argv.index("--program_path") + 1]).read()
print("x" * 1_000_000)
json.dump({"combined_score": code.count("added"), "public": {"many": list(range(10_000))}, "text_feedback": "y" * 100_000},
          open(out + "/metrics.json", "w"))
json.dump({"correct": "added_3" not in code, "error": "z" * 100_000}, open(out + "/correct.json", "w"))
"""


def change(number: int) -> str:
    if number % 3 == 2:
        return "an answer without any change, " * 50_000
    return f"<<<<<<< SEARCH\nLAST = 0\n=======\nLAST = 0\nadded_{number} = {number}\n>>>>>>> REPLACE\n"


@pytest.mark.slow
async def test_a_run_of_a_megabyte(
    tmp_path: Path, prefect_api: str, prefect_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.runner import AsyncEvolutionRunner

    rng = random.Random(1)
    around = "".join(f"AROUND_{n} = {rng.random()}\n" for n in range(20_000))
    (tmp_path / "initial.txt").write_text(f"{around}# EVOLVE-BLOCK-START\nLAST = 0\n# EVOLVE-BLOCK-END\n{around}")
    (tmp_path / "evaluate.py").write_text(EVALUATOR)
    asked = asyncio.Event()

    def answer(messages: list[dict[str, str]], number: int) -> str:
        asked.set()
        return change(number)

    async with ModelServer(Script(answer=answer)) as server:

        def runner(name: str, generations: int) -> AsyncEvolutionRunner:
            return AsyncEvolutionRunner(
                EvolutionConfig(
                    init_program_path=str(tmp_path / "initial.txt"), results_dir=str(tmp_path / name), seed=1,
                    num_generations=generations, llm_models=["m"], llm_base_url=server.url, max_program_size=2_000_000,
                    patch_types=["diff"], patch_type_probs=[1],
                ),
                LocalJobConfig(eval_program_path=str(tmp_path / "evaluate.py"), isolation="none"),
                verbose=False, max_proposal_jobs=3, max_evaluation_jobs=2,
            )  # fmt: skip

        # Every client of Prefect reads the certificates anew, 30 ms each: not what is looked at here.
        monkeypatch.setattr(ssl, "create_default_context", functools.cache(ssl.create_default_context))
        with settings_for(prefect_api, prefect_home):
            await runner("first", 1).run()  # whatever is loaded late is loaded now
            asked.clear()
            second = asyncio.create_task(runner("second", 4).run())
            await asyncio.wait({second, asyncio.ensure_future(asked.wait())}, return_when=asyncio.FIRST_COMPLETED)
            with watched_loop():
                summary = await second
    assert summary.generations == 5
