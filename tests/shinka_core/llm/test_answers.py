"""What comes back from an endpoint, in all the forms there are, is one answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from shinka_core.errors import ModelError, ModelUnavailableError, PromptRefusedError, UnusableAnswerError
from shinka_core.llm.answers import read_completion, read_response, read_usage
from shinka_core.llm.question import RawAnswer
from shinka_core.llm.reply import Reply
from shinka_core.program import Answer, Failure, Program, Sampling, Usage
from shinka_core.source import Source
from tests.support.dialects import STREAM, completion, events
from tests.support.prompting import apply_answer

PARENT = "# EVOLVE-BLOCK-START\na = 1\nb = 2\n# EVOLVE-BLOCK-END\n"
HALF = "<<<<<<< SEARCH\na = 1\n=======\na = 3\n>>>>>>> REPLACE\nNext, use it:\n"


def read(body: dict[str, Any], *, reasoning_is_answer: bool = False) -> RawAnswer:
    return read_completion(body, "m", reasoning_is_answer=reasoning_is_answer)


@pytest.mark.parametrize(
    "content",
    [
        "ab",
        ["a", "b"],
        [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
        [{"type": "thinking", "thinking": [{"type": "text", "text": "draft"}]}, {"type": "text", "text": "ab"}],
        [{"type": "reasoning", "text": "draft"}, {"type": "output_text", "text": "ab", "annotations": []}],
        [{"text": "draft", "thought": True}, {"text": "ab"}],
        [
            {"type": "text", "text": {"value": "ab", "annotations": []}},
            {"type": "image_url", "image_url": {"url": "x"}},
        ],
        {"type": "text", "text": "ab"},
    ],
)
def test_content_in_parts_is_joined_and_thoughts_are_no_part_of_it(content: Any) -> None:
    assert read(completion(content, reasoning_content="draft")).text == "ab"


def test_the_text_of_other_servers_is_found_where_they_put_it() -> None:
    assert read({"choices": [{"text": "ab"}]}).text == "ab"
    assert read({"choices": [{"delta": {"content": "ab"}}]}).text == "ab"


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning", "thinking"])
def test_reasoning_alone_is_no_answer_and_the_message_names_the_field_and_the_setting(field: str) -> None:
    body = completion(None, **{field: f"Thinking.\n{HALF}"})
    with pytest.raises(UnusableAnswerError, match=f"all text is in {field}.*reasoning_is_answer") as caught:
        read(body)
    assert caught.value.usage == Usage(1000, 100)
    assert read(body, reasoning_is_answer=True).text == f"Thinking.\n{HALF}"


def test_what_follows_the_end_of_thinking_is_the_answer_wherever_it_stands() -> None:
    assert read(completion("", reasoning_content=f"a draft\n</think>\n{HALF}")).text == f"\n{HALF}"
    with pytest.raises(UnusableAnswerError):
        read(completion("", reasoning_content="a draft\n</think>\n"))


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (completion(None, "length", reasoning_content="so long"), UnusableAnswerError, "100 tokens of thinking; raise max_tokens"),
        (completion("", "length"), UnusableAnswerError, "cut off at its longest length after 100 tokens"),
        (completion("", "content_filter"), PromptRefusedError, "a content filter stopped it"),
        (completion(None, refusal="I must not."), PromptRefusedError, "refused: I must not"),
        (completion([{"type": "refusal", "refusal": "I must not."}]), PromptRefusedError, "refused: I must not"),
        (completion(None, "tool_calls", tool_calls=[{}]), UnusableAnswerError, "call of a tool"),
        (completion(" \n"), UnusableAnswerError, "finish reason stop"),
        (completion("half an ans", "error"), ModelUnavailableError, "broke off"),
        ({"choices": []}, UnusableAnswerError, "no choices"),
    ],
)  # fmt: skip
def test_an_empty_answer_says_what_there_is_instead(body: dict[str, Any], kind: type[ModelError], words: str) -> None:
    with pytest.raises(kind, match=words) as caught:
        read(body)
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    ("finish", "cut"),
    [
        ("stop", ""), ("eos", ""), (None, ""), ("length", "length"), ("max_tokens", "length"), ("MAX_TOKENS", "length"),
        ("content_filter", "content_filter"), ("SAFETY", "content_filter"),
    ],
)  # fmt: skip
def test_an_answer_says_whether_it_was_cut(finish: Any, cut: str) -> None:
    assert read(completion("text", finish)).cut == cut


def test_the_other_interface_is_read_alike() -> None:
    def response(*parts: dict[str, Any], **fields: Any) -> dict[str, Any]:
        thoughts = {"type": "reasoning", "summary": [{"type": "summary_text", "text": "draft"}]}
        message = {"type": "message", "content": list(parts)}
        return {
            "status": "completed",
            "output": [thoughts, message],
            "usage": {"input_tokens": 3, "output_tokens": 2},
        } | fields

    text = {"type": "output_text", "text": "ab"}
    assert read_response(response(text), "m") == RawAnswer("ab", Usage(3, 2))
    cut = response(text, status="incomplete", incomplete_details={"reason": "max_output_tokens"})
    assert read_response(cut, "m").cut == "length"
    with pytest.raises(PromptRefusedError, match="refused: no"):
        read_response(response({"type": "refusal", "refusal": "no"}), "m")
    with pytest.raises(UnusableAnswerError, match="raise max_tokens"):
        read_response(response(status="incomplete", incomplete_details={"reason": "max_output_tokens"}), "m")


@pytest.mark.parametrize(
    ("counted", "usage"),
    [
        (None, None), ({}, None), (7, None), ({"prompt_tokens": 0, "completion_tokens": 0}, None),
        ({"prompt_tokens": None, "completion_tokens": "5"}, None),
        ({"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}, Usage(3, 2)),
        ({"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 9}, Usage(3, 6, 0, 4)),
        ({"input_tokens": 3, "output_tokens": 2}, Usage(3, 2)),
        ({"prompt_tokens": 3.0, "completion_tokens": 2.0, "total_tokens": float("nan")}, Usage(3, 2)),
        # xAI's, where nothing sums them up: the thinking is beside what is counted as the answer.
        ({"prompt_tokens": 3, "completion_tokens": 2, "completion_tokens_details": {"reasoning_tokens": 7}}, Usage(3, 9, 0, 7)),
        ({"prompt_tokens": 3, "prompt_tokens_details": {"cached_tokens": 1}, "completion_tokens": 2,
          "completion_tokens_details": {"reasoning_tokens": 2}}, Usage(3, 2, 1, 2)),
    ],
)  # fmt: skip
def test_tokens_are_counted_as_billed_and_what_is_not_counted_is_said(counted: Any, usage: Usage | None) -> None:
    assert read_usage(counted) == usage


UNICODE = "a line\u2028separator, \x0b and \x85, 日本語\n\nand data: [DONE] inside"


def test_a_stream_is_read_as_if_it_had_come_at_once() -> None:
    reply = Reply(200, STREAM, events(UNICODE).encode())
    assert read(reply.json()) == RawAnswer(UNICODE, Usage(1000, 100))
    assert read(Reply(200, {}, events(UNICODE).replace("\n", "\r\n").encode()).json()).text == UNICODE
    assert read(Reply(200, STREAM, events("ab", usage=False).encode()).json()).usage is None
    assert read(Reply(200, STREAM, events("ab", finish="length").encode()).json()).cut == "length"
    assert read(Reply(200, STREAM, events("ab", done=False).encode()).json()).text == "ab"
    assert read(Reply(200, STREAM, events("ab", finish="").encode()).json()).text == "ab"


def test_a_stream_that_breaks_off_is_no_answer() -> None:
    assert Reply(200, STREAM, events("ab", finish="", done=False).encode()).json() is None
    whole = events("ab").encode()
    assert Reply(200, STREAM, whole[: len(whole) // 2]).json() is None


def test_an_error_in_a_stream_is_the_answers_error() -> None:
    broken = events("ab", finish="", done=False) + 'data: {"error": {"message": "upstream gone", "code": 502}}\n\n'
    assert Reply(200, STREAM, broken.encode()).json() == {"error": {"message": "upstream gone", "code": 502}}


def test_a_stream_of_the_other_interface_ends_with_the_whole_response() -> None:
    response = {
        "status": "completed",
        "output": [{"type": "message", "content": [{"type": "output_text", "text": "ab"}]}],
    }
    stream = 'event: response.output_text.delta\ndata: {"type": "response.output_text.delta", "delta": "a"}\n\n'
    stream += f"event: response.completed\ndata: {json.dumps({'type': 'response.completed', 'response': response})}\n\n"
    assert read_response(Reply(200, STREAM, stream.encode()).json(), "m").text == "ab"


@pytest.mark.parametrize(("cut", "words"), [("length", "longest length"), ("content_filter", "content filter")])
def test_an_answer_that_the_provider_cut_is_no_change_however_whole_its_edits_look(cut: str, words: str) -> None:
    parent = Program("id", 0, Source.of(PARENT, "python"), island=0, score=1.0, correct=True)
    sampling = Sampling(parent, (), 0, "diff", "m", attempt=0, seed=1)
    assert not isinstance(apply_answer(sampling, Answer(HALF, "m")), Failure)
    failure = apply_answer(sampling, Answer(HALF, "m", cut=cut))
    assert isinstance(failure, Failure)
    assert (failure.step, failure.reason) == ("patch", "truncated_answer")
    assert words in failure.detail
