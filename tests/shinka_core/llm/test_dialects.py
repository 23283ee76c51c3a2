"""Endpoints of all kinds, over HTTP: a model is asked in the form it takes, and remembered for it."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from shinka_core.config import EvolutionConfig
from shinka_core.errors import (
    EndpointError,
    ModelRefusedError,
    ModelUnavailableError,
    PromptRefusedError,
    UnusableAnswerError,
)
from shinka_core.llm import AsyncLLMClient
from shinka_core.llm.ledger import MemoryLedger
from shinka_core.llm.question import CallKey, Question
from shinka_core.program import Answer, Purpose, Usage
from tests.support.dialects import STREAM, completion, error, events, no_system_role, only_streams, refuses
from tests.support.model_server import Asked, ModelServer, Said, Script


def question(number: int = 1, model: str = "m") -> Question:
    return Question(CallKey(number, Purpose.PROPOSAL, 0, 0), model, "be terse", "x = 1.0\n", seed=1)


async def ask(server: ModelServer, *numbers: int, model: str = "m", **fields: Any) -> list[Answer]:
    """The answers to questions with those numbers, one after the other."""
    settings: dict[str, Any] = {"llm_models": [model], "llm_base_url": server.url} | fields
    client = AsyncLLMClient.from_config(EvolutionConfig(**settings), ledger=MemoryLedger())
    try:
        return [await client.query(question(number, model)) for number in numbers or (1,)]
    finally:
        await client.close()


def server(dialect: Any) -> ModelServer:
    return ModelServer(Script(dialect=dialect))


async def test_content_in_parts_is_an_answer() -> None:
    def parts(asked: Asked) -> Said:
        thoughts = {"type": "thinking", "thinking": [{"type": "text", "text": "let me see"}]}
        return Said(body=completion([thoughts, {"type": "text", "text": asked.text}]))

    async with server(parts) as there:
        [answer] = await ask(there)
    assert answer.text == there.asked[0].text


@pytest.mark.parametrize(
    "words",
    [
        "System role not supported",
        "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
        "Developer instruction is not enabled for models/gemma-3-27b-it",
        "Conversation roles must alternate user/assistant/user/assistant/...",
        "Only user and assistant roles are supported!",
    ],
)
async def test_a_system_message_that_is_refused_heads_the_users_message_from_then_on(words: str) -> None:
    def dialect(asked: Asked) -> Said | None:
        return error(400, words) if no_system_role(asked) else None

    async with server(dialect) as there:
        await ask(there, 1, 2)
    assert [[message["role"] for message in asked.messages] for asked in there.asked] == [
        ["system", "user"],
        ["user"],
        ["user"],
    ]
    assert there.asked[2].messages[0]["content"] == "be terse\n\nx = 1.0\n"


async def test_a_model_that_only_streams_is_asked_for_a_stream_from_then_on() -> None:
    async with server(only_streams) as there:
        answers = await ask(there, 1, 2)
    assert [asked.body.get("stream") for asked in there.asked] == [None, True, True]
    assert [answer.text for answer in answers] == [asked.text for asked in there.asked[1:]]
    assert answers[1].usage == Usage(1000, 100), "a stream is asked for its tokens"


async def test_a_stream_by_setting_is_a_stream_and_a_server_that_does_not_know_its_options_is_asked_without() -> None:
    def dialect(asked: Asked) -> Said | None:
        return refuses("stream_options", form="Unrecognized request argument supplied: {0}")(asked) or only_streams(
            asked
        )

    async with server(dialect) as there:
        answers = await ask(there, 1, 2, llm_kwargs={"stream": True})
    assert ["stream_options" in asked.body for asked in there.asked] == [True, False, False]
    assert [answer.text for answer in answers] == [asked.text for asked in there.asked[1:]]


async def test_a_stream_that_nobody_asked_for_is_read() -> None:
    async with server(lambda asked: Said(body=events(asked.text), headers=STREAM)) as there:
        [answer] = await ask(there)
    assert answer.text == there.asked[0].text


@pytest.mark.parametrize(
    "form",
    [
        "Unsupported parameter: '{0}' is not supported with this model.",
        "Unsupported value: '{0}' does not support 0.8 with this model. Only the default (1) value is supported.",
        "`{0}` is deprecated for this model.",
        "Unrecognized request argument supplied: {0}",
        "Extra inputs are not permitted: body.{0}",
        'Invalid JSON payload received. Unknown name "{0}": Cannot find field.',
    ],
)
async def test_an_option_that_a_model_refuses_is_left_out_for_it_and_said_once(
    form: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with server(refuses("temperature", form=form)) as there:
        with caplog.at_level(logging.WARNING, "shinka.llm"):
            await ask(there, 1, 2, llm_kwargs={"temperature": 0.8, "top_p": 0.9})
    assert ["temperature" in asked.body for asked in there.asked] == [True, False, False]
    assert all(asked.body["top_p"] == 0.9 for asked in there.asked)
    assert sum("refuses the option temperature" in record.getMessage() for record in caplog.records) == 1


async def test_a_bound_is_renamed_as_the_refusal_says() -> None:
    form = "Unsupported parameter: '{0}' is not supported with this model. Use 'max_completion_tokens' instead."
    async with server(refuses("max_tokens", form=form)) as there:
        await ask(there, 1, 2, llm_kwargs={"max_tokens": 50})
    assert [asked.body.get("max_completion_tokens") for asked in there.asked] == [None, 50, 50]


async def test_a_value_that_is_wrong_is_told_and_not_left_out() -> None:
    async with server(
        refuses("temperature", form="Invalid '{0}': decimal above maximum value. Expected at most 2.")
    ) as there:
        there.script.dialect = lambda asked: error(400, "Invalid 'temperature': expected at most 2.", "decimal_above_max_value", param="temperature")  # fmt: skip
        with pytest.raises(ModelRefusedError, match="expected at most 2"):
            await ask(there, llm_kwargs={"temperature": 5})
    assert len(there.asked) == 1


async def test_each_model_has_its_own_options() -> None:
    async with server(refuses("nothing")) as there:
        fields: dict[str, Any] = {
            "llm_models": ["plain", "thinker"], "llm_kwargs": {"temperature": 0.8, "top_p": 0.9},
            "llm_model_kwargs": {"thinker": {"temperature": None, "reasoning_effort": "low"}},
        }  # fmt: skip
        await ask(there, 1, model="plain", **fields)
        await ask(there, 2, model="thinker", **fields)
    plain, thinker = (asked.body for asked in there.asked)
    assert (plain["temperature"], plain["top_p"], "reasoning_effort" in plain) == (0.8, 0.9, False)
    assert ("temperature" in thinker, thinker["top_p"], thinker["reasoning_effort"]) == (False, 0.9, "low")


async def test_an_option_that_is_meant_for_the_model_is_not_left_out() -> None:
    async with server(refuses("top_k")) as there:
        with pytest.raises(ModelRefusedError, match="top_k"):
            await ask(there, llm_model_kwargs={"m": {"top_k": 5}})


async def test_options_of_other_servers_go_into_body_query_and_headers() -> None:
    async with server(refuses("nothing")) as there:
        kwargs: dict[str, Any] = {
            "top_k": 5, "extra_body": {"min_p": 0.1}, "extra_query": {"v": 2}, "extra_headers": {"X-Title": "run"},
        }  # fmt: skip
        await ask(there, llm_kwargs=kwargs)
    [asked] = there.asked
    assert (asked.body["top_k"], asked.body["min_p"], "extra_body" in asked.body) == (5, 0.1, False)
    assert asked.path == "/v1/chat/completions?v=2"
    assert asked.headers["x-title"] == "run"


PAGE = "<!doctype html><html><title>502</title><body>the proxy is being replaced</body></html>"


async def test_a_page_is_a_wrong_address_at_first_and_an_outage_later() -> None:
    def dialect(asked: Asked) -> Said | None:
        return Said(body=PAGE, headers={"content-type": "text/html"}) if asked.number != 1 else None

    async with server(dialect) as there:
        with pytest.raises(EndpointError, match=r"the proxy is being replaced.*check the address"):
            await ask(there, 1)
        with pytest.raises(ModelUnavailableError, match="the proxy is being replaced"):
            await ask(there, 2, 3)


@pytest.mark.parametrize("body", ["", "ok", "{}", '{"status": "running"}', '"Ollama is running"', "[]"])
async def test_whatever_else_stands_at_a_wrong_address_is_shown_with_a_hint(body: str) -> None:
    async with server(lambda _: Said(body=body)) as there:
        with pytest.raises(EndpointError, match=r"perhaps .*/v1") as caught:
            await ask(there, llm_base_url=there.url.removesuffix("/v1"))
    assert not caught.value.retryable
    assert body.strip("{}[]") in str(caught.value)


async def test_an_error_inside_a_200_is_as_one_outside() -> None:
    async with server(
        lambda _: Said(body={"choices": None, "error": {"message": "unsafe", "code": "content_filter"}})
    ) as there:
        with pytest.raises(PromptRefusedError, match="unsafe"):
            await ask(there)


async def test_reasoning_is_the_answer_where_the_settings_say_so() -> None:
    async with server(lambda asked: Said(body=completion(None, reasoning=asked.text))) as there:
        with pytest.raises(UnusableAnswerError, match="reasoning_is_answer"):
            await ask(there)
        [answer] = await ask(there, llm_endpoints={there.url: {"reasoning_is_answer": True}})
    assert answer.text == there.asked[1].text


async def test_a_redirection_is_told_and_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-12345678")
    async with server(None) as other, server(None) as there:
        there.script.dialect = lambda _: Said(307, "", {"location": f"{other.url}/chat/completions"})
        with pytest.raises(EndpointError, match="HTTP 307") as caught:
            await ask(there)
    assert other.asked == []
    assert other.url in str(caught.value)


async def test_what_no_answer_came_from_says_where_it_was_asked() -> None:
    with pytest.raises(ModelUnavailableError, match=r"http://127.0.0.1:9/v1 cannot be reached"):
        async with server(None) as there:
            await ask(there, llm_base_url="http://127.0.0.1:9/v1")


async def test_the_words_of_a_prompt_reach_the_server_whatever_they_are() -> None:
    async with server(refuses("nothing")) as there:
        client = AsyncLLMClient.from_config(EvolutionConfig(llm_models=["m"], llm_base_url=there.url))
        await client.query(Question(CallKey(1, Purpose.PROPOSAL, 0, 0), "m", "日本語", "half \ud800 of a pair", seed=1))
        await client.close()
    assert [message["content"] for message in there.asked[0].messages] == ["日本語", "half ? of a pair"]
