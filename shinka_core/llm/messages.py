"""Anthropic's own interface: a question as it takes one, and the answer in what it sends.

The system prompt stands by itself and is marked for the provider's cache, since every question of a run begins with it;
a bound on the answer is always sent, since the interface wants one.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from shinka_core.errors import PromptRefusedError, UnusableAnswerError
from shinka_core.llm.answers import count_of, cut_by, mapping, text_of
from shinka_core.llm.complaint import one_line
from shinka_core.llm.prices import longest_answer
from shinka_core.llm.question import Question, RawAnswer
from shinka_core.program import Usage

# Options of the other interfaces under the names that they have here.
_NAMES = {"max_completion_tokens": "max_tokens", "max_output_tokens": "max_tokens", "stop": "stop_sequences"}


def renamed(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of a model in this interface's words: `reasoning_effort` is its effort, `stop` a list."""
    said = {_NAMES.get(name, name): value for name, value in options.items()}
    if isinstance(said.get("stop_sequences"), str):
        said["stop_sequences"] = [said["stop_sequences"]]
    effort = said.pop("reasoning_effort", None)
    if effort is not None:
        said["output_config"] = {"effort": effort, **mapping(said.get("output_config"))}
    return said


def body_of(question: Question, name: str) -> dict[str, Any]:
    """A request without its options.

    Args:
        name: What the model is called at the endpoint.
    """
    turns: list[dict[str, Any]] = [
        {"role": one.role, "content": one.content} for one in question.messages if one.role != "system"
    ]
    if question.sent_pictures:
        images = [
            {"type": "image", "source": {"type": "base64", "media_type": one.media, "data": _text(one.data)}}
            for one in question.sent_pictures
        ]
        turns[0] = {"role": "user", "content": [{"type": "text", "text": question.user}, *images]}
    body: dict[str, Any] = {
        "model": name,
        "messages": turns,
        "max_tokens": question.longest_answer or longest_answer(name),
    }
    if question.system.strip():
        # Empty text is refused.
        body["system"] = [{"type": "text", "text": question.system, "cache_control": {"type": "ephemeral"}}]
    return body


def read_message(body: Mapping[str, Any], model: str) -> RawAnswer:
    """The answer in a message.

    Raises:
        UnusableAnswerError: There is no text in it; the message says what there is instead.
    """
    usage = read_usage(body.get("usage"))
    content = body.get("content")
    text = text_of(content)
    finish = str(body.get("stop_reason") or "").lower()
    if text.strip():
        return RawAnswer(text, usage, cut_by(finish))
    if finish == "refusal":
        details = mapping(body.get("stop_details"))
        why = details.get("explanation") or details.get("category") or "no reason is given"
        words = one_line(f"refused: {why}")
        raise PromptRefusedError(f"{model}: {words}", model=model, usage=usage, said=words)
    thought = isinstance(content, list) and any("thinking" in str(mapping(part).get("type")) for part in content)  # pyright: ignore[reportUnknownVariableType]
    words = f"empty answer (stop reason {finish or 'none'})"
    if cut_by(finish) == "length":
        counted = f"{usage.output_tokens} tokens" if usage else "all of it"
        words = (
            f"empty answer: cut off at its longest length after {counted}{' of thinking' if thought else ''}; raise "
            "max_tokens in llm_kwargs, or let the model think less"
        )
    raise UnusableAnswerError(f"{model}: {words}", model=model, usage=usage, said=words)


def read_usage(counted: Any) -> Usage | None:
    """Tokens as Anthropic counts them: what was read from its cache and written into it stands beside the rest."""
    counts = mapping(counted)
    cached, written = (count_of(counts, f"cache_{kind}_input_tokens") for kind in ("read", "creation"))
    fresh, answer = count_of(counts, "input_tokens"), count_of(counts, "output_tokens")
    if not fresh and not cached and not written and not answer:
        return None
    return Usage(
        input_tokens=fresh + cached + written,
        output_tokens=answer,
        cached_tokens=cached,
        reasoning_tokens=count_of(mapping(counts.get("output_tokens_details")), "thinking_tokens", "reasoning_tokens"),
        cache_write_tokens=written,
    )


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
