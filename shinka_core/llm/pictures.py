"""Messages as the two interfaces take them, with images where a model sees.

An image is sent as its bytes: a model's endpoint cannot read this machine's files.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from shinka_core.llm.question import Picture, Question

# Tokens that an image is taken to have in a prompt, and those that it has at most where it counts most.
TOKENS = 2_000
MOST_TOKENS = 50_000


def messages_of(question: Question, api: str) -> list[dict[str, Any]]:
    """The messages of a request; pictures stand behind the text of the user's first one.

    Args:
        api: `chat` or `responses`.
    """
    messages: list[dict[str, Any]] = [{"role": one.role, "content": one.content} for one in question.messages]
    if question.sent_pictures:
        first = next(message for message in messages if message["role"] == "user")
        first["content"] = _parts(first["content"], question.sent_pictures, api)
    return messages


def without_pictures(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The messages with texts alone."""
    return [{**message, "content": text_of_parts(message["content"])} for message in messages]


def has_pictures(messages: Sequence[Any]) -> bool:
    """Whether there is an image in them."""
    return any(isinstance(message.get("content"), list) for message in messages)


def text_of_parts(content: Any) -> str:
    """The text of a message that was made here."""
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def _parts(text: str, pictures: Sequence[Picture], api: str) -> list[dict[str, Any]]:
    urls = [f"data:{one.media};base64,{base64.b64encode(one.data).decode()}" for one in pictures]
    if api == "responses":
        images: list[dict[str, Any]] = [{"type": "input_image", "image_url": url} for url in urls]
        return [{"type": "input_text", "text": text}, *images]
    return [{"type": "text", "text": text}, *({"type": "image_url", "image_url": {"url": url}} for url in urls)]
