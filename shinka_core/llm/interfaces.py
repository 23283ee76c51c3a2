"""The three interfaces that endpoints speak, each as one value: where a question goes, its form, and how the answer is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from shinka_core.llm import messages
from shinka_core.llm.answers import read_completion, read_response
from shinka_core.llm.libraries import CHAT, MESSAGES, RESPONSES
from shinka_core.llm.options import for_interface
from shinka_core.llm.pictures import messages_of
from shinka_core.llm.question import Question, RawAnswer
from shinka_core.providers import Interface


@dataclass(frozen=True, slots=True)
class WireFormat:
    """One interface.

    Attributes:
        path: Under the endpoint's address.
        body: Makes a request without its options, of a question and what the model is called there.
        options: Options in the interface's own words, without those that are left out.
        read: The answer in a body, for a model's name; `reasoning_is_answer` takes the reasoning where there is nothing else.
        limit: What the longest answer is called; None: what the provider's row says.
    """

    path: str
    body: Callable[[Question, str], dict[str, Any]]
    options: Callable[[Mapping[str, Any]], dict[str, Any]]
    read: Callable[[Mapping[str, Any], str, bool], RawAnswer]
    limit: str | None


def _chat(question: Question, name: str) -> dict[str, Any]:
    return {"model": name, "messages": messages_of(question, "chat")}


def _responses(question: Question, name: str) -> dict[str, Any]:
    return {"model": name, "input": messages_of(question, "responses")}


def _read_chat(body: Mapping[str, Any], model: str, reasoning_is_answer: bool) -> RawAnswer:
    return read_completion(body, model, reasoning_is_answer=reasoning_is_answer)


def _read_responses(body: Mapping[str, Any], model: str, reasoning_is_answer: bool) -> RawAnswer:
    del reasoning_is_answer
    return read_response(body, model)


def _read_messages(body: Mapping[str, Any], model: str, reasoning_is_answer: bool) -> RawAnswer:
    del reasoning_is_answer
    return messages.read_message(body, model)


def _options_of_messages(options: Mapping[str, Any]) -> dict[str, Any]:
    return messages.renamed(for_interface("messages", options))


FORMATS: Mapping[Interface, WireFormat] = {
    "chat": WireFormat(CHAT, _chat, partial(for_interface, "chat"), _read_chat, None),
    "responses": WireFormat(
        RESPONSES, _responses, partial(for_interface, "responses"), _read_responses, "max_output_tokens"
    ),
    # A bound is in every body of it.
    "messages": WireFormat(MESSAGES, messages.body_of, _options_of_messages, _read_messages, "max_tokens"),
}
