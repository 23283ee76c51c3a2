"""Images for models that see: how both interfaces are sent them, who is not, and what is kept of that."""

from __future__ import annotations

import base64
import logging
from dataclasses import replace
from typing import Any

import pytest

from shinka_core.config import EvolutionConfig, ModelPrice
from shinka_core.llm import AsyncLLMClient
from shinka_core.llm.ledger import MemoryLedger
from shinka_core.llm.pictures import MOST_TOKENS
from shinka_core.llm.question import CallKey, Message, Picture, Question
from shinka_core.program import Answer, Purpose
from tests.support.dialects import error, no_system_role
from tests.support.model_server import Asked, ModelServer, Said, Script

PICTURE = Picture("plot.png", "d" * 64, "image/png", b"\x89PNG bytes")
URL = f"data:image/png;base64,{base64.b64encode(PICTURE.data).decode()}"


def question(number: int = 1, **fields: Any) -> Question:
    key = CallKey(number, Purpose.PROPOSAL, 0, 0)
    history = (Message("assistant", "x"), Message("user", "again"))
    asked = Question(key, "m", "be terse", "x = 1.0\n", 1, history, pictures=(PICTURE,), seers=frozenset({"m"}))
    return replace(asked, **fields)


async def ask(server: ModelServer, *questions: Question, **fields: Any) -> list[Answer]:
    settings: dict[str, Any] = {"llm_models": ["m", "blind"], "llm_base_url": server.url} | fields
    client = AsyncLLMClient.from_config(EvolutionConfig(**settings), ledger=MemoryLedger())
    try:
        return [await client.query(each) for each in questions]
    finally:
        await client.close()


async def test_a_chat_model_is_sent_them_behind_the_text_of_the_first_message() -> None:
    async with ModelServer() as there:
        await ask(there, question())
    system, user, *history = there.asked[0].messages
    assert system["content"] == "be terse"
    assert user["content"] == [
        {"type": "text", "text": "x = 1.0\n"}, {"type": "image_url", "image_url": {"url": URL}},
    ]  # fmt: skip
    assert [message["content"] for message in history] == ["x", "again"]


async def test_the_other_interface_has_its_own_words_for_them() -> None:
    async with ModelServer() as there:
        await ask(there, question(), llm_api="responses")
    assert there.asked[0].messages[1]["content"] == [
        {"type": "input_text", "text": "x = 1.0\n"}, {"type": "input_image", "image_url": URL},
    ]  # fmt: skip


async def test_a_model_that_is_not_said_to_see_is_sent_text_alone() -> None:
    async with ModelServer() as there:
        await ask(there, question(model="blind"))
    assert there.asked[0].messages[1]["content"] == "x = 1.0\n"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "This model does not support image input"),
        (400, "Invalid content type. image_url is only supported by certain models."),
        (404, "No endpoints found that support image input"),
        (422, "messages[1]: content should be a valid string"),
        (400, "At most 0 image(s) may be provided in one request; this is not a multimodal model"),
        (400, "unknown variant `image_url`, expected `text`"),
    ],
)
async def test_one_that_refuses_them_is_asked_without_from_then_on_and_that_is_said(
    status: int, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    def dialect(asked: Asked) -> Said | None:
        return error(status, words) if isinstance(asked.messages[1]["content"], list) else None

    with caplog.at_level(logging.WARNING, "shinka.llm"):
        async with ModelServer(Script(dialect=dialect)) as there:
            answers = await ask(there, question(1), question(2))
    assert [isinstance(asked.messages[1]["content"], list) for asked in there.asked] == [True, False, False]
    assert all(answer.text for answer in answers)
    assert caplog.text.count("sees no images") == 1


async def test_a_model_without_a_system_role_gets_both_in_one_message() -> None:
    async with ModelServer(Script(dialect=no_system_role)) as there:
        await ask(there, question())
    assert there.asked[1].messages[0]["content"][0] == {"type": "text", "text": "be terse\n\nx = 1.0\n"}
    assert there.asked[1].messages[0]["content"][1]["type"] == "image_url"


async def test_a_budget_sets_money_aside_for_them() -> None:
    async with ModelServer() as there:
        prices = {"m": ModelPrice(input=10.0, output=0.001), "blind": ModelPrice(input=10.0, output=0.001)}
        least = MOST_TOKENS * 10.0 / 1_000_000
        client = AsyncLLMClient.from_config(
            EvolutionConfig(llm_models=["m"], llm_base_url=there.url, llm_prices=prices, max_api_costs=10.0),
            ledger=MemoryLedger(),
        )
        try:
            with_one, without = (client._tokens(each)[0] for each in (question(), question(pictures=())))
            assert client._prices.cost("m", with_one) == pytest.approx(  # type: ignore[operator]
                least + (client._prices.cost("m", without) or 0.0)
            )
        finally:
            await client.close()
