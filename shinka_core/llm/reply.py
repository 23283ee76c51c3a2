"""What came back over HTTP, whatever it is; an event stream is read as if it had come at once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shinka_core.llm.answers import REASONING_FIELDS, first, mapping, reasoning_of, text_of

# What the last event of a stream holds, of any interface.
STREAM_ENDS = ("[DONE]", '"response.completed"', '"response.incomplete"', '"message_stop"')
_RESPONSE_ENDS = {"completed", "incomplete", "failed"}


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply as it came.

    Attributes:
        headers: Names in lower case.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def is_good(self) -> bool:
        """Whether HTTP says that all is well."""
        return 200 <= self.status < 300

    @property
    def is_stream(self) -> bool:
        """Whether it is a sequence of events, asked for or not."""
        begin = self.content[:200].lstrip()
        return "text/event-stream" in self.headers.get("content-type", "") or begin.startswith(
            (b"data:", b"event:", b":")
        )

    @property
    def text(self) -> str:
        """As text; what is no UTF-8 is replaced."""
        return self.content.decode("utf-8-sig", errors="replace")

    def json(self) -> Any:
        """As JSON; None when it is none, or broke off."""
        text = self.text
        try:
            if self.is_stream:
                return joined(events_of(text), ended=any(end in text for end in STREAM_ENDS))
            return json.loads(text)
        except (ValueError, RecursionError):
            return None


def events_of(text: str) -> Iterator[Any]:
    """The JSON of each event of an event stream.

    Raises:
        ValueError: An event is broken off.
    """
    # Not `splitlines`: the separators of Unicode stand inside of texts.
    for event in re.split(r"\n{2,}", text.replace("\r\n", "\n").replace("\r", "\n")):
        lines = (line.partition(":") for line in event.split("\n"))
        data = "\n".join(value.removeprefix(" ") for field, _, value in lines if field == "data")
        if data.strip() not in ("", "[DONE]"):
            yield from _data(data)


def _data(data: str) -> Iterator[Any]:
    """One JSON text, or several by line from servers that leave the empty lines out."""
    try:
        yield json.loads(data)
    except ValueError:
        if "\n" not in data:
            raise
        yield from (json.loads(line) for line in data.split("\n") if line.strip() not in ("", "[DONE]"))


def joined(events: Iterable[Any], *, ended: bool) -> dict[str, Any]:
    """One body, as if it had come at once, from the events of a stream of any interface.

    Args:
        ended: Whether the stream said that it was over.

    Raises:
        ValueError: The stream broke off.
    """
    several = [mapping(event) for event in events]
    if any(event.get("type") == "message_start" for event in several):
        return _message_of(several, ended=ended)
    texts: list[str] = []
    reasoning: list[str] = []
    body: dict[str, Any] = {}
    finish: str | None = None
    refusal = ""
    for event in several:
        if event.get("error") or event.get("type") == "error" or event.get("object") == "error":
            return dict(event) if event.get("error") else {"error": dict(event)}
        if isinstance(event.get("response"), dict) and str(event.get("type")).split(".")[-1] in _RESPONSE_ENDS:
            return event["response"]
        body["usage"] = event.get("usage") or body.get("usage")
        choice = first(event.get("choices"))
        if choice is None or choice.get("index") not in (None, 0):
            continue
        delta = mapping(choice.get("delta")) or mapping(choice.get("message"))
        texts.append(text_of(delta.get("content")) or text_of(choice.get("text")))
        reasoning.append(next(filter(None, (reasoning_of(delta.get(name)) for name in REASONING_FIELDS)), ""))
        refusal += str(delta.get("refusal") or "")
        finish = choice.get("finish_reason") or finish
        if choice.get("error"):
            return {"error": choice["error"]}
    if finish is None and not ended:
        raise ValueError("the event stream broke off")
    message = {"content": "".join(texts), "reasoning_content": "".join(reasoning), "refusal": refusal}
    return body | {"choices": [{"message": message, "finish_reason": finish or "stop"}]}


def _message_of(events: Iterable[Mapping[str, Any]], *, ended: bool) -> dict[str, Any]:
    """The same of Anthropic's interface."""
    message: dict[str, Any] = {}
    blocks: dict[Any, dict[str, Any]] = {}
    for event in events:
        kind, delta = event.get("type"), mapping(event.get("delta"))
        if kind == "error":
            return dict(event)
        if kind == "message_start":
            message = dict(mapping(event.get("message")))
        elif kind == "content_block_start":
            blocks[event.get("index")] = dict(mapping(event.get("content_block")))
        elif kind == "content_block_delta":
            block = blocks.setdefault(event.get("index"), {"type": "text"})
            for name in ("text", "thinking"):
                if isinstance(delta.get(name), str):
                    block[name] = f"{block.get(name) or ''}{delta[name]}"
        elif kind == "message_delta":
            counted = {name: count for name, count in mapping(event.get("usage")).items() if count is not None}
            message |= {**delta, "usage": {**mapping(message.get("usage")), **counted}}
    if not ended and not message.get("stop_reason"):
        raise ValueError("the event stream broke off")
    return message | {"content": list(blocks.values())}
