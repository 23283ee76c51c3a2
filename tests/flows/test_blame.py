"""A failure is told under the step that it belongs to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flows.generation import _step_of  # pyright: ignore[reportPrivateUsage]
from shinka_core import generation as steps
from shinka_core.config import BUILTIN_EMBEDDING
from shinka_core.errors import ModelError, PromptRefusedError
from shinka_core.generation import OpenGeneration
from shinka_core.program import Candidate, Sampling
from shinka_core.run import Run, open_run
from shinka_core.source import Source
from tests.shinka_core.test_resume_settings import FREE, PROGRAM, make_task, settings
from tests.support.bare import FakeLauncher
from tests.support.model_server import ModelServer, Script

CANDIDATE = Candidate(source=Source.of(PROGRAM.replace("0.125", "0.25"), "python"), name="n", description="", diff="")


def given(folder: Path, server: ModelServer, **more: Any) -> Any:
    fields = {
        "llm_models": ["m"], "llm_base_url": server.url, "llm_prices": FREE, "embedding_model": "other",
        "novelty_llm_models": ["judge"],
    } | more  # fmt: skip
    return settings(folder / "r", make_task(folder / "task"), evolve=fields)


async def first(run: Run) -> tuple[OpenGeneration, Sampling]:
    """Generation 1 with the seed program as its parent."""
    run.launcher = FakeLauncher()  # type: ignore[assignment]
    seed = await steps.open_generation(run, 0)
    await steps.embed_seed(seed)
    candidate = steps.seed_candidate(run)
    evaluation = await steps.evaluate(seed, await steps.submit(seed, candidate.source))
    parent = await steps.record(seed, None, candidate, evaluation)
    return await steps.open_generation(run, 1), Sampling(parent, (), 0, "diff", "m", attempt=0, seed=1)


async def test_a_failing_judge_is_no_fault_of_the_query(tmp_path: Path) -> None:
    looks_alike = {"embedding_model": BUILTIN_EMBEDDING, "code_embed_sim_threshold": 0.1}
    async with (
        ModelServer(Script(sequence=["error_500"])) as server,
        open_run(given(tmp_path, server, **looks_alike), resume=False) as run,
    ):
        opened, sampling = await first(run)
        with pytest.raises(ModelError, match="judge") as failed:
            await steps.judge(opened, sampling, CANDIDATE, 0)
    assert _step_of(failed.value) == "novelty"


async def test_a_failing_embedding_is_no_fault_of_the_query(tmp_path: Path) -> None:
    async with ModelServer() as server:
        dead = given(tmp_path, server, llm_base_url="http://127.0.0.1:9/v1")
    async with open_run(dead, resume=False) as run:
        with pytest.raises(ModelError, match="other") as failed:
            await steps.embed_seed(await steps.open_generation(run, 0))
    assert _step_of(failed.value) == "novelty"


async def test_a_candidate_submitted_without_an_embedding_is_recorded_though_the_endpoint_does_not_take_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the novelty check was turned on at a resume."""
    async with ModelServer() as server, open_run(given(tmp_path, server), resume=False) as run:
        opened, sampling = await first(run)
        await steps.submit(opened, CANDIDATE.source)

        async def refuse(source: Source) -> Any:
            raise PromptRefusedError("other: filtered", model="other")

        assert run.judge is not None
        monkeypatch.setattr(run.judge, "embed", refuse)
        assert (await steps.judge(opened, sampling, CANDIDATE, 0)).novel
        assert opened.embedding is None
