"""Models that refuse are left out, others take their questions, and when nobody is left that is said with the reasons."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from shinka_core.errors import (
    EndpointError,
    ModelError,
    ModelRefusedError,
    ModelsOutError,
    ModelUnavailableError,
    PromptRefusedError,
    QuotaExhaustedError,
)
from shinka_core.llm import AsyncLLMClient
from shinka_core.llm.ledger import MemoryLedger
from shinka_core.llm.question import CallKey, Question, RawAnswer
from shinka_core.llm.roster import STRIKES, STRIKES_AFTER_ANSWERS
from shinka_core.program import Purpose


class Endpoint:
    """Answers, or raises what it was told to for a model."""

    def __init__(self, errors: dict[str, ModelError] | None = None) -> None:
        self.errors = errors or {}
        self.asked: Counter[str] = Counter()

    async def ask(self, question: Question) -> RawAnswer:
        self.asked[question.model] += 1
        if question.model in self.errors:
            raise self.errors[question.model]
        return RawAnswer("text")

    async def close(self) -> None:
        pass


def question(number: int, model: str = "a", purpose: Purpose = Purpose.PROPOSAL) -> Question:
    return Question(CallKey(number, purpose, 0, 0), model, "s", "u", seed=number)


def client(providers: dict[str, Any], models: list[str] | None = None) -> AsyncLLMClient:
    weights = dict.fromkeys(models or list(providers), 1.0)
    return AsyncLLMClient(providers, weights=weights, ledger=MemoryLedger())


async def test_another_model_takes_the_question_and_the_one_that_refuses_is_left_out_with_its_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    one = Endpoint({"a": ModelRefusedError("a: HTTP 404: no such model", model="a")})
    asking = client({"a": one, "b": one})
    answers = [await asking.query(question(number)) for number in range(6)]
    assert {answer.model for answer in answers} == {"b"}
    assert one.asked["a"] == STRIKES
    assert {asking.pick(np.random.default_rng(seed)) for seed in range(20)} == {"b"}
    said = [record.message for record in caplog.records if "price" not in record.message]
    assert said == ["a is not asked any more: a: HTTP 404: no such model"]


async def test_a_model_that_has_answered_is_left_out_later() -> None:
    one = Endpoint()
    asking = client({"a": one})
    await asking.query(question(0))
    one.errors["a"] = ModelRefusedError("a: HTTP 400: not this", model="a")
    for number in range(1, STRIKES_AFTER_ANSWERS):
        with pytest.raises(ModelRefusedError):
            await asking.query(question(number))
    with pytest.raises(ModelsOutError, match="no model is left to ask: a: HTTP 400: not this"):
        await asking.query(question(99))


async def test_an_endpoint_that_refuses_takes_its_models_with_it_and_no_others() -> None:
    bad, good = Endpoint(dict.fromkeys("ab", EndpointError("bad key"))), Endpoint()
    asking = client({"a": bad, "b": bad, "c": good})
    answers = [await asking.query(question(number)) for number in range(10)]
    assert {answer.model for answer in answers} == {"c"}
    assert bad.asked.total() == STRIKES


async def test_a_quota_that_is_used_up_stops_at_once_and_says_until_when() -> None:
    error = QuotaExhaustedError("a: 200 requests per day", model="a", retry_after=39_960.0)
    one = Endpoint({"a": error})
    asking = client({"a": one})
    with pytest.raises(ModelsOutError, match=r"\(again from .*, in 11 h 6 min\): a: 200 requests per day"):
        await asking.query(question(0))
    with pytest.raises(ModelsOutError):
        await asking.query(question(1))
    assert one.asked["a"] == 1


async def test_a_quota_that_has_come_back_is_used() -> None:
    one = Endpoint({"a": QuotaExhaustedError("a: a moment", model="a", retry_after=0.0)})
    asking = client({"a": one})
    with pytest.raises(QuotaExhaustedError):
        await asking.query(question(0))
    one.errors.clear()
    assert (await asking.query(question(1))).text == "text"


async def test_refused_prompts_leave_nobody_out() -> None:
    one = Endpoint({"a": PromptRefusedError("a: filtered", model="a")})
    asking = client({"a": one, "b": one})
    for number in range(30):
        with pytest.raises(PromptRefusedError):
            await asking.query(question(number))
    assert one.asked["a"] == 30


async def test_a_model_that_fails_for_now_is_spared_while_there_is_another() -> None:
    one = Endpoint({"a": ModelUnavailableError("a: HTTP 500", model="a")})
    asking = client({"a": one, "b": one})
    with pytest.raises(ModelUnavailableError):
        await asking.query(question(0))
    assert asking.spare("a")
    assert (await asking.query(question(1))).model == "b"
    assert not asking.spare("b")
    with pytest.raises(ModelUnavailableError):
        await asking.query(question(2))


async def test_a_question_to_a_model_that_is_no_more_goes_to_one_that_is() -> None:
    asking = client({"a": Endpoint()})
    assert (await asking.query(question(0, "gone"))).model == "a"


async def test_a_judge_that_refuses_is_not_replaced_by_a_proposer() -> None:
    judge = Endpoint({"j": ModelRefusedError("j: HTTP 404", model="j")})
    asking = client({"a": Endpoint(), "j": judge}, ["a"])
    for number in range(STRIKES + 3):
        with pytest.raises(ModelRefusedError):
            await asking.query(question(number, "j", Purpose.NOVELTY))
    assert judge.asked["j"] == STRIKES
