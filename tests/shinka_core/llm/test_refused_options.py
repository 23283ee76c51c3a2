"""Refusals of options in the words that providers really have for them, as their users report them."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from shinka_core.errors import ModelRefusedError
from shinka_core.llm.complaint import read_complaint
from shinka_core.llm.dialect import Dialect
from tests.shinka_core.llm.test_dialects import ask, server
from tests.support.dialects import error, refuses
from tests.support.model_replies import response
from tests.support.model_server import Asked, ModelServer, Said, Script


def learned(words: str, param: str | None = None, **sent: Any) -> Dialect:
    dialect = Dialect("m")
    body = {"error": {"message": words, "type": "invalid_request_error", "param": param}}
    turns = [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]
    dialect.learn(read_complaint(400, {}, str(body), body), {"model": "m", "messages": turns} | sent)
    return dialect


@pytest.mark.parametrize(
    ("words", "option", "value"),
    [
        ("Argument not supported on this model: presencePenalty", "presence_penalty", 0.1),
        ("Model grok-4-latest does not support parameter reasoningEffort.", "reasoning_effort", "low"),
        ("invalid temperature: only 1 is allowed for this model", "temperature", 0.7),
        ("Penalty is not enabled for models/gemini-2.5-flash", "frequency_penalty", 0.1),
        ("Multiple candidates is not enabled for models/gemini-2.5-flash", "n", 2),
        ("Thinking level is not supported for this model.", "reasoning_effort", "low"),
        ("registry.ollama.ai/library/llama3.2:latest does not support thinking", "reasoning_effort", "low"),
        ("reasoning_effort must be one of `none` or `default`", "reasoning_effort", "low"),
        ("This model does not support the effort parameter.", "output_config", {"effort": "low"}),
        ("`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled.", "top_p", 0.9),
    ],
)
def test_an_option_is_found_in_the_words_of_its_provider(words: str, option: str, value: Any) -> None:
    assert learned(words, seed=1, **{option: value}).dropped == {option}


@pytest.mark.parametrize(
    "words",
    [
        "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 5 instead.",
        "temperature must be one of the numbers up to 2",
        "max_tokens is too large: 100000. This model supports at most 16384 completion tokens",
    ],
)
def test_a_wrong_value_is_the_users_to_mend(words: str) -> None:
    dialect = learned(words, temperature=5, max_tokens=100_000)
    assert (dialect.dropped, dialect.renamed) == (set(), {})


@pytest.mark.parametrize("known", ["max_tokens", "max_completion_tokens"])
async def test_a_bound_whose_name_nobody_knows_is_sent_by_its_other_name(
    known: str, caplog: pytest.LogCaptureFixture
) -> None:
    unknown = next(name for name in ("max_tokens", "max_completion_tokens") if name != known)
    caplog.set_level(logging.INFO, "shinka.llm")
    async with server(refuses(unknown, form="Extra inputs are not permitted: {0}")) as there:
        await ask(there, 1, 2, llm_kwargs={unknown: 50})
    assert [asked.body.get(known) for asked in there.asked] == [None, 50, 50]
    assert sum(f"calls the longest answer {known}" in record.getMessage() for record in caplog.records) == 1


async def test_a_bound_is_never_left_out() -> None:
    async with server(refuses("max_tokens", "max_completion_tokens")) as there:
        with pytest.raises(ModelRefusedError, match="max_"):
            await ask(there, llm_kwargs={"max_tokens": 50})
    assert len(there.asked) == 2


@pytest.mark.parametrize(
    "words",
    [
        "This model is only supported in v1/responses and not in v1/chat/completions.",
        # What newer models of which nobody told the old endpoint are refused with.
        "This is not a chat model and thus not supported in the v1/chat/completions endpoint. Did you mean to use v1/completions?",
    ],
)
async def test_a_model_that_has_the_other_interface_alone_is_asked_in_it_from_then_on(
    words: str, caplog: pytest.LogCaptureFixture
) -> None:
    def dialect(asked: Asked) -> Said:
        if asked.path == "/v1/chat/completions":
            return error(404, words, param="model")
        return Said(200, response(asked.body, "the answer", "", 1000, 100, 0))

    caplog.set_level(logging.INFO, "shinka.llm")
    async with ModelServer(Script(dialect=dialect)) as there:
        answers = await ask(there, 1, 2, llm_kwargs={"max_tokens": 50, "reasoning_effort": "low"})
    assert [answer.text for answer in answers] == ["the answer", "the answer"]
    assert [asked.path for asked in there.asked] == ["/v1/chat/completions", "/v1/responses", "/v1/responses"]
    assert there.asked[1].body["max_output_tokens"] == 50
    assert there.asked[1].body["reasoning"] == {"effort": "low"}
    assert sum("`responses` alone" in record.getMessage() for record in caplog.records) == 1
