"""A flow run's name and tags, sent along with its last state: on our own server they need no request of their own.

They come in a header of the request for the state, and are written with it (`app.py`). A server that is not ours knows
nothing of the header; that nothing in its answer says so tells the client to send them apart.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

HEADER = "x-evolution-label"
_NAME = HEADER.encode()


@dataclass(slots=True)
class _Label:
    name: str
    tags: list[str]
    taken: bool = False


_asked: ContextVar[_Label | None] = ContextVar("evolution_label", default=None)


def header(name: str, tags: Sequence[str]) -> dict[str, str]:
    """The header that asks for them."""
    return {HEADER: json.dumps([name, list(tags)])}


def take(flow_run: Any) -> None:
    """Gives a flow run what the request under way asks for, if it does."""
    label = _asked.get()
    if label is not None:
        flow_run.name, flow_run.tags, label.taken = label.name, label.tags, True


class Labelled:
    """Reads the header of a request, and says in the answer whether it was of use."""

    def __init__(self, app: Any) -> None:
        """Wraps an ASGI application."""
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answers one request."""
        label = _read(scope.get("headers", ())) if scope["type"] == "http" else None
        if label is None:
            return await self._app(scope, receive, send)

        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start" and label.taken:
                message = message | {"headers": [*message.get("headers", ()), (_NAME, b"taken")]}
            await send(message)

        token = _asked.set(label)
        try:
            await self._app(scope, receive, sending)
        finally:
            _asked.reset(token)


def _read(headers: Sequence[tuple[bytes, bytes]]) -> _Label | None:
    sent = next((value for key, value in headers if key == _NAME), None)
    if sent is None:
        return None
    try:
        name, tags = json.loads(sent)
    except ValueError:
        return None
    if not isinstance(name, str) or not isinstance(tags, list):
        return None
    return _Label(name, [str(tag) for tag in tags])  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
