"""Anthropic's interface elsewhere than at Anthropic: invoked on Bedrock, and from servers that stream unasked."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shinka_core.config import EvolutionConfig
from shinka_core.errors import ModelUnavailableError
from shinka_core.llm.connect import connect
from shinka_core.llm.endpoint import endpoint_of, has_anthropic
from shinka_core.llm.question import CallKey, Question, RawAnswer
from shinka_core.llm.reply import Reply
from shinka_core.program import Purpose, Usage
from tests.support.dialects import STREAM
from tests.support.manners import ANTHROPIC
from tests.support.model_server import ModelServer, Said, Script

pytestmark = pytest.mark.skipif(not has_anthropic(), reason="needs the extra anthropic")

EVENTS: list[dict[str, Any]] = [
    {"type": "message_start", "message": {"type": "message", "role": "assistant", "content": [], "stop_reason": None,
        "usage": {"input_tokens": 100, "cache_creation_input_tokens": 76, "cache_read_input_tokens": 1024, "output_tokens": 1}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "let me see"}},
    {"type": "ping"},
    {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "the "}},
    {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "answer"}},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 350}},
    {"type": "message_stop"},
]  # fmt: skip


def as_stream(events: list[dict[str, Any]]) -> str:
    return "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events)


async def ask(there: ModelServer, path: str, model: str = "claude-x") -> RawAnswer:
    name = f"{model}@{there.url.removesuffix('/v1')}{path}?api_key_env=MY_KEY"
    settings = EvolutionConfig(
        llm_models=[name], llm_endpoints={f"{there.url.removesuffix('/v1')}{path}": {"api": "messages"}}
    )  # type: ignore[dict-item]
    provider = connect([name], settings, {})[name]
    try:
        return await provider.ask(Question(CallKey(1, Purpose.PROPOSAL, 0, 0), name, "be terse", "x = 1.0\n", seed=1))
    finally:
        await provider.close()


async def test_claude_is_invoked_on_bedrock_by_its_profile_with_the_key_of_the_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MY_KEY", "plain-key-of-mine")
    async with ModelServer(Script(dialect=lambda _: ANTHROPIC.answer)) as there:
        answer = await ask(there, "/model", "us.anthropic.claude-x-v1:0")
    [asked] = there.asked
    assert (answer.text, answer.usage) == ("the answer", ANTHROPIC.usage)
    assert asked.path == "/model/us.anthropic.claude-x-v1:0/invoke"
    assert asked.headers["authorization"] == "Bearer plain-key-of-mine"
    assert "model" not in asked.body
    assert asked.body["anthropic_version"]
    assert asked.body["max_tokens"]


def test_the_key_of_bedrock_goes_to_both_of_its_endpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "plain-key-of-mine")
    for model in ("bedrock/us.anthropic.claude-x-v1:0", "bedrock/anthropic.claude-x"):
        endpoint = endpoint_of(model, EvolutionConfig(llm_models=[model]))
        assert (endpoint.api, endpoint.key, endpoint.key_header) == ("messages", "plain-key-of-mine", "authorization")


async def test_a_stream_of_this_interface_that_nobody_asked_for_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "plain-key-of-mine")
    async with ModelServer(Script(dialect=lambda _: Said(200, as_stream(EVENTS), STREAM))) as there:
        answer = await ask(there, "/anthropic")
    assert (answer.text, answer.usage) == ("the answer", Usage(1200, 350, 1024, 0, 76))


async def test_a_stream_of_this_interface_that_breaks_off_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "plain-key-of-mine")
    async with ModelServer(Script(dialect=lambda _: Said(200, as_stream(EVENTS[:6]), STREAM))) as there:
        with pytest.raises(ModelUnavailableError, match="broke off"):
            await ask(there, "/anthropic")


def test_an_error_in_a_stream_is_an_error() -> None:
    overloaded = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    said = Reply(200, {}, as_stream([*EVENTS[:6], overloaded]).encode()).json()
    assert said == overloaded
