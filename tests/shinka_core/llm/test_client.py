"""The client against a real server on loopback that answers well or badly."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import numpy as np
import pytest

from shinka_core.config import EvolutionConfig
from shinka_core.errors import (
    ConfigError,
    EndpointError,
    ModelError,
    ModelRefusedError,
    ModelUnavailableError,
    RateLimitedError,
    UnusableAnswerError,
)
from shinka_core.llm import AsyncLLMClient
from shinka_core.llm.answers import MOST_TOKENS
from shinka_core.llm.lasting_call import GRACE
from shinka_core.llm.ledger import MemoryLedger
from shinka_core.llm.question import CallKey, Question
from shinka_core.program import Answer, Purpose
from tests.support.model_server import ModelServer, Script


def question(number: int = 1, model: str = "gpt-4o-mini") -> Question:
    return Question(CallKey(number, Purpose.PROPOSAL, 0, 0), model, "system", "x = 1.0\n", seed=1)


def client(server: ModelServer, ledger: MemoryLedger | None = None, **fields: Any) -> AsyncLLMClient:
    settings: dict[str, Any] = {"llm_models": ["gpt-4o-mini"], "llm_base_url": server.url} | fields
    return AsyncLLMClient.from_config(EvolutionConfig(**settings), ledger=ledger)


@pytest.mark.parametrize("api", ["chat", "responses"])
async def test_an_answer_comes_with_its_tokens_and_its_price(api: str) -> None:
    async with ModelServer() as server:
        asking = client(server, llm_api=api)
        answer = await asking.query(question())
        await asking.close()
    assert "REPLACE" in answer.text
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (1000, 100)
    assert answer.cost == pytest.approx((1000 * 0.15 + 100 * 0.60) / 1e6)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("rate_limit", RateLimitedError),
        ("rate_limit_bare", RateLimitedError),
        ("error_500", ModelUnavailableError),
        ("reset", ModelUnavailableError),
        ("half_json", ModelUnavailableError),
        ("error_401", EndpointError),
        ("error_404", EndpointError),
        ("error_400", ModelRefusedError),
        ("empty", UnusableAnswerError),
        ("no_choices", UnusableAnswerError),
    ],
)
async def test_every_fault_has_its_class_and_is_in_the_ledger(fault: str, error: type[Exception]) -> None:
    ledger = MemoryLedger()
    async with ModelServer(Script(sequence=[fault])) as server:
        asking = client(server, ledger)
        with pytest.raises(error):
            await asking.query(question())
        await asking.close()
    assert len(ledger.failures) == 1
    assert isinstance(ledger.failures[0][1], error)


async def test_a_hanging_model_is_given_up_at_the_time_limit() -> None:
    async with ModelServer(Script(sequence=["hang"])) as server:
        asking = client(server, llm_timeout=0.3)
        with pytest.raises(ModelUnavailableError, match="time limit"):
            await asking.query(question())
        await asking.close()


async def test_retry_after_holds_back_the_next_question_to_that_model() -> None:
    async with ModelServer(Script(sequence=["rate_limit"], retry_after=0.5)) as server:
        asking = client(server)
        with pytest.raises(RateLimitedError) as caught:
            await asking.query(question())
        assert caught.value.retry_after == 0.5
        started = time.monotonic()
        await asking.query(question())
        await asking.close()
        assert server.requests[1].start - server.requests[0].end >= 0.45
    assert time.monotonic() - started >= 0.45


async def test_an_answered_question_is_never_asked_again() -> None:
    async with ModelServer() as server:
        asking = client(server)
        first = await asking.query(question())
        again = await asking.query(question())
        await asking.close()
        assert len(server.requests) == 1
    assert again.text == first.text
    assert again.replayed
    assert not first.replayed


async def test_a_cancelled_run_keeps_an_answer_that_is_being_written() -> None:
    class SlowLedger(MemoryLedger):
        async def answered(self, question: Question, answer: Answer) -> None:
            writing.set()
            await asyncio.sleep(0.2)
            await super().answered(question, answer)

    writing = asyncio.Event()
    ledger = SlowLedger()
    async with ModelServer() as server:
        asking = client(server, ledger)
        task = asyncio.create_task(asking.query(question()))
        await writing.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asking.close()
    assert await ledger.find(question().key) is not None


async def test_a_slow_ledger_and_a_second_cancel_lose_no_answer() -> None:
    class SlowLedger(MemoryLedger):
        async def answered(self, question: Question, answer: Answer) -> None:
            writing.set()
            await asyncio.sleep(2 * GRACE)
            await super().answered(question, answer)

    writing = asyncio.Event()
    ledger = SlowLedger()
    async with ModelServer() as server:
        asking = client(server, ledger)
        task = asyncio.create_task(asking.query(question()))
        await writing.wait()
        for _ in range(5):
            task.cancel()
            await asyncio.sleep(0.05)
        with pytest.raises(asyncio.CancelledError):
            await task
        await asking.close()
    assert await ledger.find(question().key) is not None


CHOICE = {"index": 0, "finish_reason": "stop"}


@pytest.mark.parametrize("api", ["chat", "responses"])
@pytest.mark.parametrize(
    "shape",
    [
        None, 17, "text", [], [1, 2], {}, {"choices": None}, {"choices": 3}, {"choices": [None]}, {"choices": ["a"]},
        {"choices": [{}]}, {"choices": [CHOICE]}, {"choices": [CHOICE | {"message": None}]},
        {"choices": [CHOICE | {"message": "hello"}]}, {"choices": [CHOICE | {"message": {"content": 5}}]},
        {"choices": [CHOICE | {"message": {"content": [{"type": "image", "url": "a"}, 7, None]}}]},
        {"choices": {"0": {}}}, {"error": {"message": "overloaded"}}, {"output": None}, {"output": 3},
        {"output": [{"type": "message", "content": None}]}, {"output": [None]}, {"output": [{"type": "message"}]},
    ],
)  # fmt: skip
async def test_an_answer_of_any_shape_is_a_recorded_failure_of_the_model(shape: Any, api: str) -> None:
    ledger = MemoryLedger()
    async with ModelServer(Script(sequence=["odd_shape"], shape=shape)) as server:
        asking = client(server, ledger, llm_api=api)
        with pytest.raises(ModelError):
            await asking.query(question())
        await asking.close()
    assert len(ledger.failures) == 1


async def test_tokens_that_no_column_holds_are_bounded() -> None:
    shape = {
        "choices": [CHOICE | {"message": {"role": "assistant", "content": "a\x00b\ud800"}}],
        "usage": {"prompt_tokens": 10**30, "completion_tokens": -5, "total_tokens": True},
    }
    async with ModelServer(Script(sequence=["odd_shape"], shape=shape)) as server:
        asking = client(server)
        answer = await asking.query(question())
        await asking.close()
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (MOST_TOKENS, 2)  # the second is estimated
    answer.text.encode()
    assert "\x00" not in answer.text


async def test_an_answer_that_trickles_is_given_up_at_the_time_limit() -> None:
    async with ModelServer(Script(sequence=["trickle"])) as server:
        asking = client(server, llm_timeout=0.5)
        with pytest.raises(ModelUnavailableError, match="time limit"):
            await asking.query(question())
        await asking.close()


async def test_the_cost_of_an_unusable_answer_is_counted() -> None:
    costs: list[float] = []

    class CostLedger(MemoryLedger):
        async def failed(self, question: Question, error: Any, cost: float, seconds: float, **_: bool) -> None:
            costs.append(cost)

    async with ModelServer(Script(sequence=["empty"])) as server:
        asking = client(server, CostLedger())
        with pytest.raises(UnusableAnswerError):
            await asking.query(question())
        await asking.close()
    assert costs == [pytest.approx(0.00021)]


async def test_a_hundred_questions_are_in_flight_at_once() -> None:
    async with ModelServer(Script(together=100)) as server:
        asking = client(server)
        async with asyncio.timeout(60):
            await asyncio.gather(*(asking.query(question(number)) for number in range(100)))
        await asking.close()
        assert server.peak == 100


async def test_models_are_drawn_by_weight() -> None:
    async with ModelServer() as server:
        asking = client(server, llm_models=["a", "b"], llm_weights=[3.0, 1.0])
        rng = np.random.default_rng(0)
        drawn = [asking.pick(rng) for _ in range(4000)]
        await asking.close()
    assert drawn.count("a") / 4000 == pytest.approx(0.75, abs=0.03)


def test_a_missing_key_is_told_before_anything_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with pytest.raises(ConfigError, match="OPENAI_API_KEY"):
        AsyncLLMClient.from_config(EvolutionConfig(llm_models=["gpt-5-mini"]))


def test_an_unknown_builtin_is_refused() -> None:
    with pytest.raises(ConfigError, match="builtin/dream"):
        AsyncLLMClient.from_config(EvolutionConfig(llm_models=["builtin/dream"]))


def test_a_model_without_a_price_is_refused_by_choice() -> None:
    fields: dict[str, Any] = {"llm_models": ["own", "gpt-4o-mini"], "llm_base_url": "http://127.0.0.1:1/v1"}
    with pytest.raises(ConfigError, match="no price is known for own; set llm_prices"):
        AsyncLLMClient.from_config(EvolutionConfig(**fields, unknown_prices="refuse"))
    price: dict[str, Any] = {"own": {"input": 0.0, "output": 0.0}}
    AsyncLLMClient.from_config(EvolutionConfig(**fields, unknown_prices="refuse", llm_prices=price))
    AsyncLLMClient.from_config(EvolutionConfig(**fields))
