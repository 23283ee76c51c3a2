"""Anthropic's own interface: what a question looks like in it, and what its answers and counts come to."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from shinka_core.errors import PromptRefusedError, UnusableAnswerError
from shinka_core.llm.messages import body_of, read_message, read_usage, renamed
from shinka_core.llm.prices import PriceList
from shinka_core.llm.question import CallKey, Message, Picture, Question
from shinka_core.program import Purpose, Usage


def question(**fields: Any) -> Question:
    given: dict[str, Any] = {"system": "be terse", "user": "x = 1.0"} | fields
    return Question(CallKey(1, Purpose.PROPOSAL, 0, 0), "anthropic/claude-x", seed=1, **given)


def test_the_system_prompt_stands_by_itself_and_is_marked_for_the_cache() -> None:
    body = body_of(question(history=(Message("assistant", "no"), Message("user", "again"))), "claude-x")
    assert body["system"] == [{"type": "text", "text": "be terse", "cache_control": {"type": "ephemeral"}}]
    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "user"]
    assert "system" not in body_of(question(system=" "), "claude-x"), "empty text is refused"


def test_a_bound_on_the_answer_is_always_sent() -> None:
    assert body_of(question(), "claude-sonnet-4-5")["max_tokens"] == 16_384
    assert body_of(question(), "claude-3-haiku-20240307")["max_tokens"] == 4_096
    assert body_of(question(longest_answer=100), "claude-x")["max_tokens"] == 100


def test_pictures_stand_behind_the_text() -> None:
    picture = Picture("p.png", "d", "image/png", b"\x89PNG")
    body = body_of(question(pictures=(picture,), seers=frozenset({"anthropic/claude-x"})), "claude-x")
    text, image = body["messages"][0]["content"]
    assert text == {"type": "text", "text": "x = 1.0"}
    assert base64.b64decode(image["source"]["data"]) == b"\x89PNG"


def test_options_have_this_interfaces_names() -> None:
    options = {"max_completion_tokens": 5, "stop": "END", "reasoning_effort": "low", "temperature": 1.0}
    assert renamed(options) == {
        "max_tokens": 5, "stop_sequences": ["END"], "output_config": {"effort": "low"}, "temperature": 1.0,
    }  # fmt: skip


def test_what_was_read_from_the_cache_and_written_into_it_has_its_own_price() -> None:
    usage = read_usage(
        {
            "input_tokens": 1000,
            "cache_read_input_tokens": 2000,
            "cache_creation_input_tokens": 4000,
            "output_tokens": 100,
        }
    )
    assert usage == Usage(7000, 100, 2000, 0, 4000)
    assert usage is not None
    cost = PriceList().cost("anthropic/claude-sonnet-4-5", usage)
    # 3 $ and 15 $ per million tokens; a tenth for what is read from the cache, a quarter more for what is written.
    assert cost == pytest.approx((1000 * 3 + 2000 * 0.3 + 4000 * 3.75 + 100 * 15) / 1e6)


def test_no_counts_are_no_usage() -> None:
    assert read_usage(None) is None
    assert read_usage({"input_tokens": 0, "output_tokens": 0}) is None


@pytest.mark.parametrize(
    ("stop", "cut"),
    [
        ("end_turn", ""), ("stop_sequence", ""), ("pause_turn", ""), ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"), ("refusal", "content_filter"),
    ],
)  # fmt: skip
def test_why_an_answer_ends(stop: str, cut: str) -> None:
    body = {"content": [{"type": "text", "text": "half"}, {"type": "text", "text": " of it"}], "stop_reason": stop}
    answer = read_message(body, "m")
    assert (answer.text, answer.cut) == ("half of it", cut)


def test_no_text_says_why() -> None:
    with pytest.raises(PromptRefusedError, match="refused: cyber"):
        read_message({"content": [], "stop_reason": "refusal", "stop_details": {"category": "cyber"}}, "m")
    with pytest.raises(PromptRefusedError, match="no reason is given"):
        read_message({"content": None, "stop_reason": "refusal"}, "m")
    with pytest.raises(UnusableAnswerError, match="of thinking; raise max_tokens"):
        read_message({"content": [{"type": "redacted_thinking", "data": "x"}], "stop_reason": "max_tokens"}, "m")
    with pytest.raises(UnusableAnswerError, match="stop reason end_turn"):
        read_message({"content": [], "stop_reason": "end_turn"}, "m")
