"""The circle packing example with a scripted model that has ideas: from the question to the program to the outcome.

What is shown is the way of an idea through a run. What the ideas are worth is the script's doing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shinka_core.config import EvolutionConfig, LocalJobConfig
from tests.support import packing_ideas
from tests.support.model_server import ModelServer, Script
from tests.support.prefect import ROOT
from tests.support.runs import settings_for

EXAMPLE = ROOT / "examples" / "circle_packing"
GENERATIONS = 60


async def run(folder: Path, url: str, **evolution: Any) -> Any:
    from flows.runner import AsyncEvolutionRunner

    config = EvolutionConfig(
        **{
            "init_program_path": str(EXAMPLE / "initial.py"), "results_dir": str(folder), "num_generations": GENERATIONS,
            "llm_models": ["scripted"], "llm_base_url": url, "unknown_prices": "warn",
        } | evolution
    )  # fmt: skip
    job = LocalJobConfig(eval_program_path=str(EXAMPLE / "evaluate.py"), time=60)
    return await AsyncEvolutionRunner(config, job, max_proposal_jobs=2, max_evaluation_jobs=2, verbose=False).run()


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_ideas_get_the_example_past_what_numbers_alone_reach(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    async with ModelServer(Script(answer=packing_ideas.answer)) as server:
        with settings_for(prefect_api, prefect_home):
            with_ideas = await run(tmp_path / "with", server.url)
            without = await run(tmp_path / "without", server.url, ideas=None)
    for idea in with_ideas.ideas:
        print(idea)
    print(f"with ideas {with_ideas.best_score:.6f}, without {without.best_score:.6f}")
    assert with_ideas.best_score >= 2.60
    assert without.best_score < 2.0
    assert not without.ideas
    assert {idea.title for idea in with_ideas.ideas} >= {"All sizes at once", "Let centers and sizes move together"}
    assert all(len(idea.generations) <= 2 for idea in with_ideas.ideas)
