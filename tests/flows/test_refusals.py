"""Prompts that a model refuses or answers with nothing cost a sampling, not a generation and not an attempt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flows.proposal import REFUSALS
from tests.flows.test_generation import runner
from tests.support.dialects import completion, error
from tests.support.model_server import Asked, ModelServer, Said, Script
from tests.support.runs import rows, settings_for

FILTERED = "The response was filtered due to the prompt triggering the content management policy."
REFUSED = {
    "filtered": error(400, FILTERED, "content_filter"),
    "empty": Said(body=completion("")),
    "thoughts alone": Said(body=completion(None, reasoning="let me see")),
}


async def evolved(folder: Path, server: ModelServer, generations: int = 4) -> Any:
    return await runner(
        folder, num_generations=generations, llm_models=["m"], llm_base_url=server.url, llm_retries=0,
        max_patch_resamples=1, max_patch_attempts=1, embedding_model=None, jobs={"max_proposal_jobs": 1},
    ).run()  # fmt: skip


FIRST, *OTHERS = REFUSED


@pytest.mark.parametrize("kind", [FIRST, *(pytest.param(kind, marks=pytest.mark.slow) for kind in OTHERS)])
async def test_another_parent_is_sampled_for_a_prompt_that_finds_no_answer(
    kind: str, tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    """Every second one; with one sampling and one attempt for each generation, if they counted."""

    def every_second(asked: Asked) -> Said | None:
        return None if asked.number % 2 else REFUSED[kind]

    async with ModelServer(Script(dialect=every_second)) as server:
        with settings_for(prefect_api, prefect_home):
            summary = await evolved(tmp_path / "r", server)
        assert (summary.programs, summary.failures, summary.stopped_early) == (5, {}, "")
        assert len(server.requests) == 8
    assert rows(tmp_path / "r", "SELECT generation, attempt FROM model_calls WHERE status = 'answered'") == [
        (1, 1), (2, 1), (3, 1), (4, 1),
    ]  # fmt: skip


async def test_a_generation_whose_prompts_are_all_refused_is_closed_with_the_providers_words_and_the_others_go_on(
    tmp_path: Path, prefect_api: str, prefect_home: Path
) -> None:
    def second_generation(asked: Asked) -> Said | None:
        return REFUSED["filtered"] if 1 <= asked.number <= REFUSALS else None

    async with ModelServer(Script(dialect=second_generation)) as server:
        with settings_for(prefect_api, prefect_home):
            summary = await evolved(tmp_path / "r", server)
        assert len(server.requests) == 3 + REFUSALS
    assert (summary.programs, sum(summary.failures.values())) == (4, 1)
    ((reason, words),) = rows(
        tmp_path / "r", "SELECT failure_reason, failure_detail FROM generations WHERE state = 'failed'"
    )
    assert reason == "prompt_refused"
    assert FILTERED in words
