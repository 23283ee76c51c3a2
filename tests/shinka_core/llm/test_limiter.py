"""Limits that several runs share are held around every call, by the model that is really asked, and by nothing else."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from shinka_core.config import EvolutionConfig
from shinka_core.embed import HashedNgrams, embedder
from shinka_core.errors import ModelError
from shinka_core.llm import AsyncLLMClient
from shinka_core.llm.question import CallKey, Question
from shinka_core.novelty import AsyncNoveltyJudge
from shinka_core.program import Purpose
from tests.shinka_core.test_novelty import Neighbour, check
from tests.support.model_server import ModelServer, Script


class Counting:
    """Permits two calls at once to each model, and knows who was permitted."""

    def __init__(self) -> None:
        self.permits: Counter[str] = Counter()
        self.now: Counter[str] = Counter()
        self._slots: dict[str, asyncio.Semaphore] = {}

    @asynccontextmanager
    async def permitted(self, model: str) -> AsyncGenerator[None, None]:
        async with self._slots.setdefault(model, asyncio.Semaphore(2)):
            self.permits[model] += 1
            self.now[model] += 1
            try:
                yield
            finally:
                self.now[model] -= 1


def client(server: ModelServer, *models: str, **fields: object) -> tuple[AsyncLLMClient, Counting]:
    config = EvolutionConfig.model_validate({"llm_models": models, "llm_base_url": server.url} | fields)
    asking, limiter = AsyncLLMClient.from_config(config), Counting()
    asking.account.limiter = limiter
    return asking, limiter


def question(number: int, model: str) -> Question:
    return Question(CallKey(number, Purpose.PROPOSAL, 0, 0), model, "s", "x = 1.0\n", seed=number)


def most_at_once(server: ModelServer, model: str) -> int:
    spans = [(request.start, request.end) for request in server.requests if request.model == model]
    return max(sum(start <= moment < end for start, end in spans) for moment, _ in spans)


async def test_the_calls_in_flight_are_no_more_than_permitted_and_answers_that_are_read_back_need_no_permit() -> None:
    async with ModelServer(Script(latency=0.05)) as server:
        asking, limiter = client(server, "a", "b")
        wanted = [question(number, "ab"[number % 2]) for number in range(12)]
        for _ in range(2):
            await asyncio.gather(*(asking.query(one) for one in wanted))
        await asking.close()
        assert limiter.permits == {"a": 6, "b": 6}
        assert (most_at_once(server, "a"), most_at_once(server, "b")) == (2, 2)


async def test_a_question_that_another_model_takes_holds_that_ones_limit() -> None:
    async with ModelServer(Script(sequence=["rate_limit"], retry_after=30, latency=0.05)) as server:
        asking, limiter = client(server, "congested", "other")
        with pytest.raises(ModelError):
            await asking.query(question(0, "congested"))
        await asyncio.gather(*(asking.query(question(number, "congested")) for number in range(1, 7)))
        await asking.close()
        assert limiter.permits == {"congested": 1, "other": 6}
        assert most_at_once(server, "other") == 2


async def test_judgements_and_embeddings_hold_the_limits_of_their_models() -> None:
    async with ModelServer(Script(answer=lambda messages, number: "YES, another loop")) as server:
        asking, limiter = client(server, "a", novelty_llm_models=["judge"], embedding_model="vectors")
        judge = AsyncNoveltyJudge(HashedNgrams(), threshold=0.9, client=asking, models=["judge"])
        verdict, _ = await check(judge, Neighbour("other"))
        assert verdict.judged
        vectors = embedder("vectors", config=EvolutionConfig(llm_base_url=server.url), account=asking.account)
        assert vectors is not None
        await vectors.embed("x = 1", "python")
        await vectors.close()
        await asking.close()
    assert limiter.permits == {"judge": 1, "vectors": 1}


@pytest.mark.parametrize("fault", ["error_500", "error_400", "empty", "reset"])
async def test_a_permit_is_given_back_whatever_comes_of_the_call(fault: str) -> None:
    async with ModelServer(Script(sequence=[fault, "hang"])) as server:
        asking, limiter = client(server, "a")
        with pytest.raises(ModelError):
            await asking.query(question(0, "a"))
        given_up = asyncio.create_task(asking.query(question(1, "a")))
        await asyncio.sleep(0.1)
        assert limiter.now == {"a": 1}
        given_up.cancel()
        await asyncio.gather(given_up, return_exceptions=True)
        await asking.close()
    assert limiter.now == {"a": 0}
    assert limiter.permits == {"a": 2}
