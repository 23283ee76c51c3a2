"""Endpoints of all kinds, for `Script.dialect`: what they refuse, and the forms their answers have."""

from __future__ import annotations

import json
from typing import Any

from tests.support.model_server import Asked, Said


def completion(content: Any, finish: str = "stop", **message: Any) -> dict[str, Any]:
    """A chat completion with that content."""
    message = {"role": "assistant", "content": content} | message
    return {
        "id": "c", "object": "chat.completion", "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100},
    }  # fmt: skip


def error(status: int, message: str, code: str | None = None, **fields: Any) -> Said:
    """An error as OpenAI's endpoint forms it."""
    return Said(status, {"error": {"message": message, "type": "invalid_request_error", "code": code} | fields})


def events(text: str, *, usage: bool = True, done: bool = True, finish: str = "stop") -> str:
    """A chat completion in pieces, as an event stream."""
    half = len(text) // 2
    deltas: list[tuple[dict[str, Any], str | None]] = [
        ({"role": "assistant", "content": ""}, None), ({"content": text[:half]}, None), ({"content": text[half:]}, None),
    ]  # fmt: skip
    if finish:
        deltas.append(({}, finish))
    chunks: list[dict[str, Any]] = [
        {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": end}]}
        for delta, end in deltas
    ]
    if usage:
        chunks.append({"choices": [], "usage": {"prompt_tokens": 1000, "completion_tokens": 100}})
    lines = [": keep-alive", "", *(f"data: {json.dumps(chunk, ensure_ascii=False)}\n" for chunk in chunks)]
    return "\n".join([*lines, "data: [DONE]\n\n" if done else ""])


STREAM = {"content-type": "text/event-stream"}


def no_system_role(asked: Asked) -> Said | None:
    """Gemma's template, as vLLM serves it."""
    if any(message["role"] == "system" for message in asked.messages):
        return Said(
            400, {"object": "error", "message": "System role not supported", "type": "BadRequestError", "code": 400}
        )
    return None


def only_streams(asked: Asked) -> Said:
    """DashScope's thinking models."""
    if not asked.body.get("stream"):
        return error(
            400, "parameter.enable_thinking must be set to false for non-streaming calls", "invalid_parameter_error"
        )
    return Said(body=events(asked.text, usage="stream_options" in asked.body), headers=STREAM)


def refuses(*options: str, form: str = "Unsupported parameter: '{0}' is not supported with this model.") -> Any:
    """A model that does not know an option."""

    def dialect(asked: Asked) -> Said | None:
        for option in options:
            if option in asked.body:
                return error(400, form.format(option), "unsupported_parameter", param=option)
        return None

    return dialect
