"""The libraries that speak for us: OpenAI's for two interfaces, Anthropic's (an extra) for its own.

Neither is given a key, retries, or reads an answer. What they bring is the making of requests, and connections whose
requests carry the key to the endpoint's own origin alone.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

import httpx
import openai

from shinka_core.llm.endpoint import Endpoint, check_library
from shinka_core.llm.http_client import http_client
from shinka_core.providers import INVOKED

CHAT, RESPONSES, MESSAGES, EMBEDDINGS = "/chat/completions", "/responses", "/messages", "/embeddings"
# Bytes; no model writes as much, and memory is finite.
LONGEST_REPLY = 64_000_000
# Seconds until a server that does not even take the connection counts as away.
CONNECTING = 30.0
# The libraries want a key; it is never sent.
NO_KEY = "not-sent"
_STREAM_ENDS = b"data: [DONE]"
# Headers that the libraries read from the environment and would send everywhere; they go where the key goes.
_HEADERS_OF_KEYS = {"OPENAI_API_KEY": "OPENAI_CUSTOM_HEADERS", "ANTHROPIC_API_KEY": "ANTHROPIC_CUSTOM_HEADERS"}


class TooLongError(Exception):
    """A reply without end."""


@dataclass(frozen=True, slots=True)
class Library:
    """What a connection uses of one library.

    Attributes:
        calls: By path: what makes a request of it.
        named: What the calls want by name; all else of a request passes them as it is.
        omitted: Headers of the library's own making that are not sent.
        statuses: Its error of a status, which holds the reply.
        connections: Its error of a connection, whose cause says more.
        timeouts: Errors of its client that are time limits.
        broken: Other errors of its client.
    """

    calls: dict[str, Any]
    named: tuple[str, ...]
    omitted: dict[str, Any]
    statuses: type[Exception]
    connections: type[Exception]
    timeouts: type[Exception]
    broken: type[Exception]
    close: Callable[[], Any]


def library_of(endpoint: Endpoint, timeout: float) -> Library:
    """The library that speaks an endpoint's interface; no connection is opened yet.

    Raises:
        ConfigError: It is not installed.
    """
    return _anthropics(endpoint, timeout) if endpoint.api == "messages" else _openais(endpoint, timeout)


def _openais(endpoint: Endpoint, timeout: float) -> Library:
    client = openai.AsyncOpenAI(
        api_key=NO_KEY,
        base_url=endpoint.address.base,
        max_retries=0,
        organization="",
        project="",
        default_headers={"Accept": "application/json, text/event-stream"},
        http_client=_connections(httpx, endpoint, timeout),
    )
    return Library(
        calls={CHAT: client.chat.completions, RESPONSES: client.responses, EMBEDDINGS: client.embeddings},
        named=("model", "messages", "input"),
        omitted={"Authorization": openai.Omit()},
        statuses=openai.APIStatusError,
        connections=openai.APIConnectionError,
        timeouts=httpx.TimeoutException,
        broken=httpx.HTTPError,
        close=client.close,
    )


def _anthropics(endpoint: Endpoint, timeout: float) -> Library:
    check_library(endpoint)
    # Any: its types are there with the extra alone.
    anthropic, httpx2 = cast(Any, import_module("anthropic")), cast(Any, import_module("httpx2"))
    common: dict[str, Any] = {
        "api_key": NO_KEY,
        "max_retries": 0,
        # Its own limit would refuse long answers that are not streamed; ours is around the whole call.
        "timeout": None,
        "http_client": _connections(httpx2, endpoint, timeout),
    }
    base = endpoint.address.base
    if base.endswith(INVOKED):
        # Bedrock's, with the name of the model in the path; the region is in the address.
        client = anthropic.AsyncAnthropicBedrock(base_url=base.removesuffix(INVOKED), aws_region="", **common)
    else:
        # The library adds the version of the interface itself.
        client = anthropic.AsyncAnthropic(base_url=base.removesuffix("/v1"), **common)
    return Library(
        calls={MESSAGES: client.messages},
        named=("model", "messages", "max_tokens"),
        omitted={"Authorization": anthropic.Omit(), "X-Api-Key": anthropic.Omit()},
        statuses=anthropic.APIStatusError,
        connections=anthropic.APIConnectionError,
        timeouts=httpx2.TimeoutException,
        broken=httpx2.HTTPError,
        close=client.close,
    )


def _connections(library: Any, endpoint: Endpoint, timeout: float) -> Any:
    """A client of httpx, or of its successor.

    Its requests are given the key as late as can be: it stands in no object that is logged or shown before, nor in a
    request anywhere else.
    """
    own = library.URL(endpoint.address.base)
    bearer = endpoint.key_header == "authorization"
    others = [variable for key, variable in _HEADERS_OF_KEYS.items() if key != endpoint.key_name]
    foreign = [name for variable in others for name in _headers_in(variable)]

    def sign(request: Any) -> Any:
        for name in foreign:
            request.headers.pop(name, None)
        if NO_KEY in request.headers.get("authorization", ""):
            del request.headers["authorization"]
        if endpoint.key is not None and (request.url.scheme, request.url.netloc) == (own.scheme, own.netloc):
            request.headers[endpoint.key_header] = f"Bearer {endpoint.key}" if bearer else endpoint.key
        return request

    bounded: Any = type("Bounded", (_Bounded, library.AsyncByteStream), {})

    async def bound(response: Any) -> None:
        response.stream = bounded(response.stream)

    return http_client(
        library,
        endpoint.address.base,
        auth=sign,
        timeout=library.Timeout(None, connect=min(CONNECTING, timeout)),
        limits=library.Limits(max_connections=None, max_keepalive_connections=1000),
        # Compressed, a reply could be any number of times longer than what is counted.
        headers={"accept-encoding": "identity"},
        event_hooks={"response": [bound]},
        # Who redirects a request is told where by nobody but the user.
        follow_redirects=False,
    )


def _headers_in(variable: str) -> list[str]:
    lines = os.environ.get(variable, "").split("\n")
    return [line.partition(":")[0].strip() for line in lines if ":" in line]


class _Bounded:
    """The bytes of a reply, as long as there are not too many."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size, end = 0, b""
        async for piece in self._stream:
            size += len(piece)
            if size > LONGEST_REPLY:
                raise TooLongError
            yield piece
            end = (end + piece)[-2 * len(_STREAM_ENDS) :].rstrip()
            if end.endswith(_STREAM_ENDS):
                return  # some servers keep the connection open after the last event

    async def aclose(self) -> None:
        await self._stream.aclose()
