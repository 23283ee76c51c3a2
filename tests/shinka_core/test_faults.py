"""Eleven faults of models at once: every generation ends, every call is a row, and the money is exact.

Here with the real steps, database and model endpoint, but no orchestrator and no processes;
`tests/flows/test_faults.py` has the same as a whole run.
"""

from __future__ import annotations

import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from shinka_core.config import DatabaseConfig, EvolutionConfig, LocalJobConfig
from shinka_core.run import Run, RunSettings, open_run
from tests.support.bare import FakeLauncher, evolve
from tests.support.model_server import FAULTS, PAID, ModelServer, Script
from tests.support.runs import TASK

MANY = 100


def settings(name: str, folder: Path, url: str, database: str | None, generations: int) -> RunSettings:
    evolution = EvolutionConfig(
        num_generations=generations, init_program_path=str(TASK / "initial.py"), llm_models=["m"], llm_base_url=url,
        llm_timeout=6.0, llm_prices={"m": {"input": 1.0, "output": 1.0}},
    )  # fmt: skip
    job = LocalJobConfig(eval_program_path=str(TASK / "evaluate.py"))
    return RunSettings(name, folder, evolution, job, DatabaseConfig(db_path=database or "e.sqlite"), 20, 4)


async def rows(run: Run, query: str) -> list[Any]:
    async with run.database._engine.connect() as connection:
        return list(await connection.execute(text(query.format(mine=f"evolution = '{run.evolution}'"))))


# Thirty generations meet all eleven, and a model that hangs but once: each time takes as long as the time limit.
@pytest.mark.parametrize(
    ("seed", "generations"), [(1, 30), *(pytest.param(seed, MANY, marks=pytest.mark.slow) for seed in (1, 2))]
)
async def test_every_call_is_a_row_every_generation_ends_and_the_money_is_exact(
    tmp_path: Path, database_url: str | None, seed: int, generations: int
) -> None:
    often = FAULTS if generations == MANY else [fault for fault in FAULTS if fault != "hang"]
    script = Script(
        latency=0.01, sequence=list(FAULTS), faults=dict.fromkeys(often, 0.07), seed=seed, retry_after=0.05
    )  # fmt: skip
    launcher, name = FakeLauncher(), f"mix-{uuid.uuid4().hex}"
    async with ModelServer(script) as server:
        async with open_run(settings(name, tmp_path, server.url, database_url, generations), resume=False) as run:
            run.launcher = launcher
            await evolve(run)
            assert set(server.outcomes) == {*FAULTS, "answered"}
            states = dict(await rows(run, "SELECT state, count(*) FROM generations WHERE {mine} GROUP BY 1"))  # type: ignore[arg-type]
            assert set(states) == {"recorded", "failed"}
            assert sum(states.values()) == generations + 1
            assert (
                await rows(run, "SELECT 1 FROM generations WHERE {mine} AND state = 'failed' AND failure_reason = ''")
                == []
            )
            calls = Counter(
                {(status, reason): count for status, reason, count in
                 await rows(run, "SELECT status, reason, count(*) FROM model_calls WHERE {mine} GROUP BY 1, 2")}
            )  # fmt: skip
            seen = server.outcomes
            answered = sum(seen[kind] for kind in ("answered", "no_code", "refusal_text", "truncated", "huge"))
            assert calls == {
                ("answered", ""): answered,
                ("failed", "rate_limited"): seen["rate_limit"] + seen["rate_limit_bare"],
                ("failed", "model_unavailable"): sum(
                    seen[kind] for kind in ("error_500", "reset", "hang", "half_json")
                ),
                ("failed", "unusable_answer"): seen["empty"],
            }
            paid = sum(seen[kind] for kind in PAID) * 1100 / 1e6
            summary = await run.database.summary()
            assert summary.cost == pytest.approx(paid)
            assert run.budget.spent == pytest.approx(paid)
            programs = [
                name for name in launcher.evaluated if name.startswith("gen_")
            ]  # the others are trials of a tuning
            assert len(launcher.evaluated) == len(set(launcher.evaluated))
            assert len(programs) == summary.programs
            await run.database.finish("finished")
        asked = len(server.requests)
        async with open_run(settings(name, tmp_path, server.url, database_url, generations), resume=True) as run:
            run.launcher = launcher
            await evolve(run)
            assert len(server.requests) == asked, "what is final is not asked again"
