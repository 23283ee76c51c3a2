"""Every call is within the budget, whatever it asks, however many are in flight, and every call counts."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shinka_core.budget import Budget
from shinka_core.config import EvolutionConfig, ModelPrice
from shinka_core.embed import embedder
from shinka_core.errors import (
    BudgetExhaustedError,
    ConfigError,
    ModelError,
    ModelRefusedError,
    ModelUnavailableError,
    PromptRefusedError,
    PromptTooLongError,
    UnusableAnswerError,
)
from shinka_core.llm import AsyncLLMClient
from shinka_core.llm.account import charged_to
from shinka_core.llm.ledger import MemoryLedger
from shinka_core.llm.prices import LONG_ANSWER, AnswerBound
from shinka_core.llm.question import CallKey, Question, RawAnswer
from shinka_core.program import Answer, Purpose, Usage
from tests.support.model_server import ModelServer

PRICE = {"m": ModelPrice(input=3.0, output=15.0)}


def question(number: int, prompt: str = "x = 1.0\n", model: str = "m") -> Question:
    return Question(CallKey(number, Purpose.PROPOSAL, 0, 0), model, "", prompt, seed=number)


@dataclass
class Kept(MemoryLedger):
    """A ledger that adds up."""

    costs: list[float | None] = field(default_factory=list["float | None"])
    estimated: list[bool] = field(default_factory=list[bool])

    def __post_init__(self) -> None:
        super().__init__()

    async def answered(self, question: Question, answer: Answer) -> None:
        await super().answered(question, answer)
        self.costs.append(answer.cost)
        self.estimated.append(answer.estimated)

    async def failed(
        self, question: Question, error: ModelError, cost: float | None, seconds: float, *, estimated: bool = False
    ) -> None:
        await super().failed(question, error, cost, seconds, estimated=estimated)
        self.costs.append(cost)
        self.estimated.append(estimated)


class Meter:
    """A provider that charges by tokens: any part of the prompt's bytes, and up to the longest answer that it is allowed."""

    def __init__(self, plan: list[tuple[float, float, bool]]) -> None:
        self._plan = plan
        self.charged = 0.0
        self.allowed: list[int | None] = []

    async def ask(self, question: Question) -> RawAnswer:
        dense, long, usable = self._plan[question.key.generation]
        self.allowed.append(question.longest_answer)
        await asyncio.sleep(0)
        prompt = int(dense * len(question.user.encode()))
        answer = max(1, int(long * (question.longest_answer or 10**6)))
        self.charged += (prompt * 3.0 + answer * 15.0) / 1e6
        usage = Usage(prompt, answer)
        if not usable:
            raise UnusableAnswerError("nothing", model=question.model, usage=usage)
        return RawAnswer("text", usage)

    async def close(self) -> None:
        pass


CALLS = st.lists(
    st.tuples(
        st.integers(0, 400_000),
        st.sampled_from(["x", "é", "漢", "🙂"]),
        st.floats(0, 1),
        st.floats(0, 1),
        st.booleans(),
    ),
    min_size=1,
    max_size=40,
)


@given(calls=CALLS, limit=st.floats(0.01, 3.0))
@settings(max_examples=60, deadline=None)
def test_the_budget_holds_for_any_prompts_and_any_number_in_flight(
    calls: list[tuple[int, str, float, float, bool]], limit: float
) -> None:
    meter = Meter([(dense, long, usable) for _, _, dense, long, usable in calls])
    ledger, budget = Kept(), Budget(limit)

    async def run() -> list[Any]:
        client = AsyncLLMClient({"m": meter}, weights={"m": 1.0}, ledger=ledger, prices=PRICE, budget=budget)
        questions = [question(n, char * (size // len(char.encode()))) for n, (size, char, *_) in enumerate(calls)]
        return await asyncio.gather(*(client.query(asked) for asked in questions), return_exceptions=True)

    outcomes = asyncio.run(run())
    assert meter.charged <= limit * (1 + 1e-9)
    assert budget.spent == pytest.approx(meter.charged)
    assert sum(ledger.costs) == pytest.approx(meter.charged)
    assert budget.committed == pytest.approx(0.0, abs=1e-9)
    assert all(isinstance(outcome, Answer | UnusableAnswerError | BudgetExhaustedError) for outcome in outcomes)
    assert all(allowed is not None and 1 <= allowed <= LONG_ANSWER for allowed in meter.allowed)


async def ask_all(client: AsyncLLMClient, questions: list[Question]) -> list[Any]:
    return await asyncio.gather(*(client.query(asked) for asked in questions), return_exceptions=True)


async def test_a_cheap_first_call_says_nothing_about_dear_ones_in_flight_after_it() -> None:
    dear = "x" * 30_000  # 0.09 dollars
    meter = Meter([(0.01, 0.0, True)] + [(1.0, 0.0, True)] * 100)
    budget = Budget(1.0)
    client = AsyncLLMClient({"m": meter}, weights={"m": 1.0}, ledger=Kept(), prices=PRICE, budget=budget)
    await client.query(question(0))
    outcomes = await ask_all(client, [question(number, dear) for number in range(1, 101)])
    assert 0.8 < meter.charged <= 1.0
    assert sum(isinstance(outcome, BudgetExhaustedError) for outcome in outcomes) > 85


async def test_the_last_of_a_budget_pays_for_shorter_answers() -> None:
    meter = Meter([(1.0, 0.05, True)] * 100)
    budget = Budget(0.3)  # one long answer may cost 0.25
    client = AsyncLLMClient({"m": meter}, weights={"m": 1.0}, ledger=Kept(), prices=PRICE, budget=budget)
    await ask_all(client, [question(number) for number in range(100)])
    assert 0.25 < meter.charged <= 0.3
    assert max(allowed or 0 for allowed in meter.allowed) == LONG_ANSWER
    assert LONG_ANSWER / 8 <= min(allowed or 0 for allowed in meter.allowed) < LONG_ANSWER / 2


async def test_a_bound_of_ones_own_on_the_answer_is_left_alone() -> None:
    meter = Meter([(1.0, 0.0, True)])
    client = AsyncLLMClient(
        {"m": meter},
        weights={"m": 1.0},
        ledger=Kept(),
        prices=PRICE,
        budget=Budget(1.0),
        bounds={"m": AnswerBound(sent=500)},
    )
    await client.query(question(0))
    assert meter.allowed == [None], "the settings send it"


class Strict(Meter):
    """Refuses to be allowed more than 5,000 tokens, in the words of one or another provider."""

    def __init__(self, error: ModelError) -> None:
        super().__init__([(1.0, 0.1, True)] * 3)
        self._error = error

    async def ask(self, question: Question) -> RawAnswer:
        if question.longest_answer is None or question.longest_answer > 5_000:
            self.allowed.append(question.longest_answer)
            raise self._error
        return await super().ask(question)


@pytest.mark.parametrize(
    ("error", "allowed"),
    [
        (
            ModelRefusedError("m: HTTP 400: the valid range of max_tokens is [1, 5000]", model="m"),
            [16_384, 8_192, 4_096],
        ),
        (PromptTooLongError("m: maximum context length is 16000", context=16_000, model="m"), [16_384, 4_000]),
    ],
)
async def test_a_bound_that_is_refused_is_made_smaller_and_the_model_stays(
    error: ModelError, allowed: list[int]
) -> None:
    meter = Strict(error)
    client = AsyncLLMClient({"m": meter}, weights={"m": 1.0}, ledger=Kept(), prices=PRICE, budget=Budget(1.0))
    for number in range(3):
        await client.query(question(number))
    assert meter.allowed == [*allowed, allowed[-1], allowed[-1]]


async def test_without_a_budget_answers_are_as_long_as_the_provider_likes() -> None:
    meter = Meter([(1.0, 0.0, True)])
    client = AsyncLLMClient({"m": meter}, weights={"m": 1.0}, ledger=Kept(), prices=PRICE)
    await client.query(question(0))
    assert meter.allowed == [None]


async def test_a_budget_that_is_less_than_one_call_says_so_and_nothing_is_asked() -> None:
    meter = Meter([(1.0, 1.0, True)])
    client = AsyncLLMClient({"m": meter}, weights={"m": 1.0}, ledger=Kept(), prices=PRICE, budget=Budget(0.001))
    with pytest.raises(BudgetExhaustedError, match=r"max_api_costs=0.001 dollars is less than one call to m may cost"):
        await client.query(question(0))
    assert meter.charged == 0.0


async def test_a_model_that_costs_nothing_is_asked_with_the_budget_used_up() -> None:
    meter = Meter([(1.0, 0.1, True)])
    free = {"m": ModelPrice(input=0, output=0)}
    client = AsyncLLMClient({"m": meter}, weights={"m": 1.0}, ledger=Kept(), prices=free, budget=Budget(1.0, spent=1.5))
    assert (await client.query(question(0))).cost == 0.0


class Mute:
    """A provider that answers and counts nothing, or fails."""

    def __init__(self, text: str = "", error: Exception | None = None, seconds: float = 0.0) -> None:
        self._text, self._error, self._seconds = text, error, seconds

    async def ask(self, question: Question) -> RawAnswer:
        await asyncio.sleep(self._seconds)
        if self._error is not None:
            raise self._error
        return RawAnswer(self._text, None)

    async def close(self) -> None:
        pass


def muted(provider: Mute, ledger: Kept, **fields: Any) -> AsyncLLMClient:
    fields = {"budget": Budget(10.0)} | fields
    return AsyncLLMClient({"m": provider}, weights={"m": 1.0}, ledger=ledger, prices=PRICE, **fields)


async def test_a_call_that_nobody_counts_is_estimated_from_its_texts_and_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ledger = Kept()
    client = muted(Mute("y" * 3_000), ledger)
    first = await client.query(question(0, "x" * 30_000))
    await client.query(question(1, "x" * 30_000))
    assert first.cost == pytest.approx((10_000 * 3.0 + 1_000 * 15.0) / 1e6)
    assert (first.usage.input_tokens, first.usage.output_tokens, first.estimated) == (10_000, 1_000, True)
    assert ledger.estimated == [True, True]
    assert [record.message for record in caplog.records if "estimated" in record.message] == [
        "m counts no tokens: the cost of its calls is estimated from their texts"
    ]


@pytest.mark.parametrize(
    ("error", "dollars"),
    [
        (UnusableAnswerError("empty", model="m"), 0.03),  # the prompt was read
        (UnusableAnswerError("empty", model="m", usage=Usage(100, 100)), 0.0018),
        (PromptRefusedError("filtered", model="m"), 0.0),
        (ModelUnavailableError("HTTP 500", model="m"), 0.0),
    ],
)
async def test_a_failed_call_counts_with_what_it_was_billed(error: ModelError, dollars: float) -> None:
    ledger = Kept()
    client = muted(Mute(error=error), ledger)
    with pytest.raises(type(error)):
        await client.query(question(0, "x" * 30_000))
    assert ledger.costs == [pytest.approx(dollars)]
    assert client.account.budget.spent == pytest.approx(dollars)


async def test_a_call_that_was_given_up_counts_with_all_that_it_may_have_cost() -> None:
    ledger = Kept()
    client = muted(Mute(error=ModelUnavailableError("late", model="m"), seconds=0.05), ledger, timeout=0.05)
    with pytest.raises(ModelUnavailableError):
        await client.query(question(0))
    assert ledger.costs[0] > LONG_ANSWER * 15.0 / 1e6
    assert ledger.estimated == [True]


async def test_a_call_that_a_stop_cuts_off_counts_as_well() -> None:
    ledger = Kept()
    client = muted(Mute("late", seconds=600), ledger)
    task = asyncio.create_task(client.query(question(0)))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ledger.costs == [pytest.approx(client.account.budget.spent)]
    assert ledger.costs[0] > LONG_ANSWER * 15.0 / 1e6


def test_models_without_a_price_are_refused_under_a_budget_unless_allowed() -> None:
    fields: dict[str, Any] = {"llm_models": ["own"], "llm_base_url": "http://127.0.0.1:1/v1", "max_api_costs": 1.0}
    with pytest.raises(ConfigError, match=r"no price is known for own, so max_api_costs=1 cannot bound .*llm_prices"):
        AsyncLLMClient.from_config(EvolutionConfig(**fields))
    AsyncLLMClient.from_config(EvolutionConfig(**fields, unknown_prices="warn"))
    AsyncLLMClient.from_config(EvolutionConfig(**fields, llm_prices={"own": ModelPrice(input=0, output=0)}))
    AsyncLLMClient.from_config(EvolutionConfig(**fields | {"max_api_costs": None}))


def test_judges_and_embeddings_need_a_price_too() -> None:
    fields: dict[str, Any] = {"llm_base_url": "http://127.0.0.1:1/v1", "max_api_costs": 1.0}
    with pytest.raises(ConfigError, match="vectors"):
        AsyncLLMClient.from_config(EvolutionConfig(**fields, llm_models=["gpt-4o"], embedding_model="vectors"))
    with pytest.raises(ConfigError, match="wise"):
        AsyncLLMClient.from_config(EvolutionConfig(**fields, llm_models=["gpt-4o"], novelty_llm_models=["wise"]))


async def test_embeddings_are_paid_from_the_budget_and_kept_by_generation() -> None:
    ledger = Kept()
    async with ModelServer() as server:
        config = EvolutionConfig(
            llm_models=["gpt-4o"], embedding_model="text-embedding-3-large", llm_base_url=server.url,
            max_api_costs=20.0, llm_prices={"text-embedding-3-large": ModelPrice(input=1_000_000, output=0)},
        )  # fmt: skip
        client = AsyncLLMClient.from_config(config, ledger=ledger)
        embedding = embedder(config.embedding_model, config=config, account=client.account)
        assert embedding is not None
        with charged_to(7) as charge:
            await embedding.embed("x", "python")
        with pytest.raises(BudgetExhaustedError, match="text-embedding-3-large"):
            await embedding.embed("x" * 100, "python")
        await client.close()
    assert charge.dollars == client.account.budget.spent == sum(ledger.costs) > 0


async def test_the_first_embedding_tells_what_they_cost_and_is_counted() -> None:
    ledger = Kept()
    async with ModelServer() as server:
        config = EvolutionConfig(
            llm_models=["gpt-4o"], embedding_model="e", llm_base_url=server.url,
            max_api_costs=0.5, llm_prices={"e": ModelPrice(input=1_000_000, output=0)},
        )  # fmt: skip
        client = AsyncLLMClient.from_config(config, ledger=ledger)
        embedding = embedder("e", config=config, account=client.account)
        assert embedding is not None
        await embedding.embed("x", "python")
        with pytest.raises(BudgetExhaustedError, match=r"1\.0000 spent"):
            await embedding.embed("x", "python")
        await client.close()
    assert ledger.costs == [1.0]
