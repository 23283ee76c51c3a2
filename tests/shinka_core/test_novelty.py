"""The novelty judge: embeddings first, one question when needed."""

from __future__ import annotations

import numpy as np
import pytest

from shinka_core.config import EvolutionConfig
from shinka_core.embed import HashedNgrams
from shinka_core.embed.embedder import Vector
from shinka_core.errors import ModelUnavailableError
from shinka_core.llm import AsyncLLMClient
from shinka_core.llm.question import CallKey
from shinka_core.novelty import AsyncNoveltyJudge
from shinka_core.program import Program, Purpose
from tests.support.model_server import ModelServer, Script

CODE = "def f(x):\n    return x * 2.0\n"
KEY = CallKey(5, Purpose.NOVELTY, 0, 0)


class Neighbour:
    """An island with one program."""

    def __init__(self, code: str | None) -> None:
        self.code = code
        self.asked_island = -1

    def nearest(self, island: int, embedding: Vector) -> tuple[str, float] | None:
        self.asked_island = island
        return None if self.code is None else ("p", 0.995)

    async def get(self, program_id: str) -> Program:
        assert self.code is not None
        return Program(program_id, 3, self.code, "python", 0, 1.0, True)


async def check(judge: AsyncNoveltyJudge, neighbour: Neighbour, code: str = CODE):
    return await judge.check(code, language="python", island=1, neighbours=neighbour, key=KEY)


async def test_an_empty_island_finds_everything_novel() -> None:
    neighbour = Neighbour(None)
    verdict, embedding = await check(AsyncNoveltyJudge(HashedNgrams()), neighbour)
    assert verdict.novel
    assert neighbour.asked_island == 1
    assert embedding.shape == (384,)


async def test_below_the_threshold_nobody_is_asked() -> None:
    verdict, _ = await check(AsyncNoveltyJudge(HashedNgrams(), threshold=0.999), Neighbour("other"))
    assert (verdict.novel, verdict.judged, verdict.nearest) == (True, False, "p")


async def test_above_the_threshold_without_a_judge_it_is_rejected() -> None:
    verdict, _ = await check(AsyncNoveltyJudge(HashedNgrams(), threshold=0.99), Neighbour("other"))
    assert not verdict.novel
    assert "generation 3" in verdict.explanation


@pytest.mark.parametrize(("answer", "novel"), [("YES, another factor", True), ("NO, renamed", False)])
async def test_one_question_decides_a_near_duplicate(answer: str, novel: bool) -> None:
    async with ModelServer(Script(answer=lambda messages, number: answer)) as server:
        config = EvolutionConfig(
            llm_models=["gpt-4o-mini"], llm_base_url=server.url, novelty_llm_models=["gpt-4o-mini"]
        )
        client = AsyncLLMClient.from_config(config)
        judge = AsyncNoveltyJudge(HashedNgrams(), threshold=0.99, client=client, models=["gpt-4o-mini"])
        verdict, _ = await check(judge, Neighbour("other"))
        copied, _ = await check(judge, Neighbour(CODE))
        await client.close()
        assert len(server.requests) == 1
    assert (verdict.novel, verdict.judged) == (novel, True)
    assert verdict.cost > 0
    assert not copied.novel


async def test_a_judge_that_fails_for_good_rejects_and_a_passing_fault_is_raised() -> None:
    async with ModelServer(Script(sequence=["error_401", "error_500"])) as server:
        client = AsyncLLMClient.from_config(
            EvolutionConfig(llm_models=["m"], llm_base_url=server.url, novelty_llm_models=["m"])
        )
        judge = AsyncNoveltyJudge(HashedNgrams(), threshold=0.99, client=client, models=["m"])
        verdict, _ = await check(judge, Neighbour("other"))
        with pytest.raises(ModelUnavailableError):
            await check(judge, Neighbour("other"))
        await client.close()
    assert not verdict.novel
    assert "judge failed" in verdict.explanation


async def test_embedding_of_a_program_is_reproducible() -> None:
    judge = AsyncNoveltyJudge(HashedNgrams())
    assert np.array_equal(await judge.embed(CODE, "python"), await judge.embed(CODE, "python"))
