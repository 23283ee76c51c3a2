"""From what came back to one answer: parts, reasoning, token counts, cut ends.

Servers that only look like OpenAI leave out what its types promise and put the same things elsewhere;
so everything here is read as plain JSON, with doubts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from shinka_core.errors import ModelUnavailableError, PromptRefusedError, UnusableAnswerError
from shinka_core.llm.complaint import one_line
from shinka_core.llm.question import RawAnswer
from shinka_core.program import Usage

# No answer has more; a server that counts more counts nonsense, which no table column would hold.
MOST_TOKENS = 1_000_000_000

CUT_BY_LENGTH = {"length", "max_tokens", "max_output_tokens", "model_length", "model_context_window_exceeded"}
CUT_BY_FILTER = {
    "content_filter", "safety", "recitation", "prohibited_content", "blocklist", "spii", "sensitive", "refusal",
}  # fmt: skip
BROKEN_OFF = {"error", "network_error", "insufficient_system_resource", "abort", "aborted", "failed", "cancelled"}
# Parts and fields that hold what a model thinks, not what it answers.
_THOUGHTS = ("thinking", "reasoning", "redacted_thinking", "thought", "summary_text", "reasoning_text")
REASONING_FIELDS = ("reasoning_content", "reasoning", "reasoning_text", "thinking")
_THINKING_ENDS = "</think>"


def read_completion(body: Mapping[str, Any], model: str, *, reasoning_is_answer: bool) -> RawAnswer:
    """The answer in a chat completion.

    Args:
        reasoning_is_answer: Take the reasoning where there is nothing else.

    Raises:
        UnusableAnswerError: There is no text in it; the message says what there is instead.
        ModelUnavailableError: The server broke off while the model wrote.
    """
    usage = read_usage(body.get("usage"))
    choice = first(body.get("choices"))
    if choice is None:
        raise UnusableAnswerError(f"{model}: the answer has no choices", model=model, usage=usage)
    message = mapping(choice.get("message")) or mapping(choice.get("delta"))
    text = text_of(message.get("content")) or text_of(choice.get("text"))
    finish = str(choice.get("finish_reason") or "").lower()
    _refuse_broken(finish, choice.get("error"), model)
    if not text.strip():
        reasoning = next(filter(None, (reasoning_of(message.get(name)) for name in REASONING_FIELDS)), "")
        _, closed, after = reasoning.rpartition(_THINKING_ENDS)
        if reasoning_is_answer or (closed and after.strip()):
            text = after if closed else reasoning
    if not text.strip():
        raise _empty(message, finish, usage, model)
    return RawAnswer(text, usage, cut_by(finish))


def read_response(body: Mapping[str, Any], model: str) -> RawAnswer:
    """The answer in a response of the other interface.

    Raises:
        UnusableAnswerError: There is no text in it.
        ModelUnavailableError: The server broke off while the model wrote.
    """
    usage = read_usage(body.get("usage"))
    items = [mapping(item) for item in _list(body.get("output"))]
    messages = [item for item in items if item.get("type", "message") == "message"]
    text = "".join(text_of(message.get("content")) for message in messages)
    if not text and isinstance(body.get("output_text"), str):
        text = body["output_text"]
    status = str(body.get("status") or "").lower()
    finish = str(mapping(body.get("incomplete_details")).get("reason") or status).lower()
    _refuse_broken(finish, body.get("error"), model)
    if not text.strip():
        content = [part for message in messages for part in _list(message.get("content"))]
        raise _empty({"content": content}, finish, usage, model)
    return RawAnswer(text, usage, cut_by(finish))


def text_of(content: Any) -> str:
    """Content as text: as it is, or of its parts those that are no thoughts, in order."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(text_of(part) for part in content)  # pyright: ignore[reportUnknownVariableType]
    part = mapping(content)
    if str(part.get("type", "")).lower() in _THOUGHTS or part.get("thought") is True:
        return ""
    text = part.get("text")
    return text_of(text) if isinstance(text, str) else str(mapping(text).get("value") or "")


def cut_by(finish: str) -> str:
    """Why an answer ends before its end, or "": `length` or `content_filter`."""
    finish = finish.partition(":")[0]  # Gemini's says why behind it
    return "length" if finish in CUT_BY_LENGTH else "content_filter" if finish in CUT_BY_FILTER else ""


def read_usage(counted: Any) -> Usage | None:
    """Token counts of either interface, bounded; None when the server counted nothing."""
    counts = mapping(counted)
    inputs = mapping(counts.get("prompt_tokens_details") or counts.get("input_tokens_details"))
    outputs = mapping(counts.get("completion_tokens_details") or counts.get("output_tokens_details"))
    prompt = count_of(counts, "prompt_tokens", "input_tokens")
    # Some leave the thinking out of what they count as the answer, and bill it all the same.
    written = count_of(counts, "completion_tokens", "output_tokens")
    thought = count_of(outputs, "reasoning_tokens")
    answer = max(written + (thought if thought > written else 0), count_of(counts, "total_tokens") - prompt)
    if not prompt and not answer:
        return None
    return Usage(
        input_tokens=prompt,
        output_tokens=answer,
        # DeepSeek, Together and Moonshot count them beside the others.
        cached_tokens=count_of(inputs, "cached_tokens") or count_of(counts, "prompt_cache_hit_tokens", "cached_tokens"),
        reasoning_tokens=thought or answer - written,
    )


def _empty(message: Mapping[str, Any], finish: str, usage: Usage | None, model: str) -> UnusableAnswerError:
    """What there is in the place of an answer, and what to do about it."""
    refusal, cut = message.get("refusal") or _refusal_in(message.get("content")), cut_by(finish)
    if refusal or cut == "content_filter":
        words = one_line(f"refused: {refusal}" if refusal else f"no answer: a content filter stopped it ({finish})")
        return PromptRefusedError(f"{model}: {words}", model=model, usage=usage, said=words)
    field = next((name for name in REASONING_FIELDS if reasoning_of(message.get(name))), None)
    counted = f"{usage.output_tokens} tokens" if usage else "all of it"
    if cut == "length":
        words = f"empty answer: cut off at its longest length after {counted}" + (
            " of thinking" if field or (usage and usage.reasoning_tokens) else ""
        )
        words += "; raise max_tokens (or max_completion_tokens) in llm_kwargs, or let the model think less"
    elif field:
        words = (
            f"empty answer, all text is in {field}; correct the server's reasoning parser, or set "
            "reasoning_is_answer: true for it in llm_endpoints"
        )
    elif message.get("tool_calls") or message.get("function_call"):
        words = "the answer is a call of a tool and no text; no tools are offered"
    else:
        words = f"empty answer (finish reason {finish or 'none'})"
    return UnusableAnswerError(f"{model}: {words}", model=model, usage=usage, said=words)


def _refusal_in(content: Any) -> Any:
    """What a part of a content says that is a refusal."""
    return next((said for part in _list(content) if (said := mapping(part).get("refusal"))), None)


def _refuse_broken(finish: str, error: Any, model: str) -> None:
    if finish in BROKEN_OFF:
        words = one_line(str(mapping(error).get("message") or error or finish))
        raise ModelUnavailableError(f"{model}: the server broke off its answer: {words}", model=model, said=words)


def reasoning_of(value: Any) -> str:
    """What is in a reasoning field: text, or parts with text."""
    if isinstance(value, str):
        return value.strip() and value
    if isinstance(value, list):
        return "".join(reasoning_of(part) for part in value)  # pyright: ignore[reportUnknownVariableType]
    part = mapping(value)
    if not part:
        return ""
    return next((inner for name in ("text", "content", "thinking") if (inner := reasoning_of(part.get(name)))), "")


def count_of(holder: Mapping[str, Any], *names: str) -> int:
    """The first of the counts of those names that is one, bounded; 0 when none is."""
    for name in names:
        value = holder.get(name)
        if isinstance(value, float) and math.isfinite(value):
            value = int(value)  # as JavaScript may write them
        if isinstance(value, int) and not isinstance(value, bool):
            return min(max(value, 0), MOST_TOKENS)
    return 0


def first(choices: Any) -> Mapping[str, Any] | None:
    """The first of the choices, or None when there are none."""
    found = _list(choices)
    return mapping(found[0]) if found else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []  # pyright: ignore[reportUnknownVariableType]


def mapping(value: Any) -> Mapping[str, Any]:
    """The value, or an empty mapping in its place."""
    return value if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownVariableType]
