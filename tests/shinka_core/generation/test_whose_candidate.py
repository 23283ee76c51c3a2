"""Which model a candidate is credited to: the one that wrote it, or none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shinka_core import generation as steps
from shinka_core.program import Candidate, Evaluation
from shinka_core.run import open_run
from tests.shinka_core.test_resume_settings import make_task, settings
from tests.support.bare import FakeLauncher, evolve
from tests.support.model_server import ModelServer


async def test_what_an_operator_makes_alone_is_no_models_though_one_was_asked_before(tmp_path: Path) -> None:
    async with ModelServer() as server:
        known: dict[str, Any] = {
            "llm_models": ["m"], "llm_base_url": server.url, "num_generations": 1, "embedding_model": None,
            "unknown_prices": "warn", "ideas": None, "patch_types": ["full", "mutate"], "patch_type_probs": [0.5, 0.5],
        }  # fmt: skip
        told = settings(tmp_path / "r", make_task(tmp_path / "task"), evolve=known)
        async with open_run(told) as run:
            run.launcher = FakeLauncher()  # type: ignore[assignment]
            await evolve(run)
            for number in range(2, 100):
                opened = await steps.open_generation(run, number)
                first, second = await steps.sample(opened, 0), await steps.sample(opened, 1)
                if (first.patch_type, second.patch_type) == ("full", "mutate"):
                    break
            assert (await steps.query(opened, first, 0)).model == "m"
            made = await steps.propose(opened, second, steps.TrialBench(opened, second, 0, None))  # type: ignore[arg-type]
            assert isinstance(made, Candidate)
            program = await steps.record(opened, second, made, Evaluation(score=1.0, correct=True))
    assert (program.patch_type, program.model) == ("mutate", "")
