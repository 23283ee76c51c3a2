"""One endpoint through the openai library: a question goes out, and whatever comes back is returned as it is.

The library's raw responses, not its types: what servers that only look like OpenAI send instead of an
answer (errors inside a 200, web pages, event streams nobody asked for) has to be seen as it came.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator, Generator, Mapping
from typing import Any

import httpx
import openai

from shinka_core.errors import EndpointError, ModelError, ModelUnavailableError, UnusableAnswerError
from shinka_core.llm.complaint import Complaint, one_line
from shinka_core.llm.endpoint import Endpoint
from shinka_core.llm.faults import address_remedy, fault_of
from shinka_core.llm.patience import awake_for
from shinka_core.llm.reply import Reply

# Bytes; no model writes as much, and memory is finite.
LONGEST_REPLY = 64_000_000
# Seconds until a server that does not even take the connection counts as away.
CONNECTING = 30.0
_STREAM_ENDS = b"data: [DONE]"
CHAT, RESPONSES, EMBEDDINGS = "/chat/completions", "/responses", "/embeddings"
# What the library wants by name; all else of a request passes it as it is.
NAMED = ("model", "messages", "input")
# The library wants a key; it is never sent.
NO_KEY = "not-sent"


class Connection:
    """Connections to one endpoint, shared by all its models.

    Attributes:
        has_answered: Whether an answer ever came from there; a page instead of one is then an outage
            and not a wrong address.
    """

    def __init__(self, endpoint: Endpoint, *, timeout: float) -> None:
        """Prepares connections; none is opened yet.

        Args:
            timeout: Seconds for one whole answer.
        """
        self.endpoint = endpoint
        self.has_answered = False
        self._timeout = timeout
        # Any: the library takes a client of httpx as well as one of its successor, its types the successor's alone.
        connections: Any = httpx.AsyncClient(
            auth=_OwnHostOnly(endpoint),
            timeout=httpx.Timeout(None, connect=min(CONNECTING, timeout)),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=1000),
            # Compressed, a reply could be any number of times longer than what is counted.
            headers={"accept-encoding": "identity"},
            event_hooks={"response": [_bound]},
        )
        self._client = openai.AsyncOpenAI(
            api_key=NO_KEY,
            base_url=endpoint.address.base,
            max_retries=0,
            organization="",
            project="",
            default_headers={"Accept": "application/json, text/event-stream"},
            http_client=connections,
        )
        self._calls: dict[str, Any] = {
            CHAT: self._client.chat.completions,
            RESPONSES: self._client.responses,
            EMBEDDINGS: self._client.embeddings,
        }

    async def post(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        model: str,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> Reply:
        """Sends one request.

        Raises:
            ModelError: No whole reply came. What a reply says is for others to read.
        """
        try:
            try:
                return await self._post(path, body, headers, query)
            except UnicodeEncodeError:
                return await self._post(path, _utf8(body), headers, query)
        except Exception as error:  # noqa: BLE001 - each is said in words of our own, which hold no key
            failure = self._failure(error, model)
        # Outside of the handler, so that no traceback leads back to what may quote a header.
        raise failure

    def fault(self, complaint: Complaint, model: str) -> ModelError:
        """What a provider's complaint means, after what came from there before."""
        fault = fault_of(complaint, model, self.endpoint)
        if complaint.page and isinstance(fault, EndpointError) and self.has_answered:
            # The address was right before: what stands in front of the models has a bad hour.
            return ModelUnavailableError(str(fault), model=model, said=fault.said)
        return fault

    def no_answer(self, text: str, model: str) -> ModelError:
        """JSON or nothing at all in place of an answer: the wrong address, unless it was right before."""
        words = one_line(text) or "nothing at all"
        if self.has_answered:
            return UnusableAnswerError(f"{model}: an answer of unknown shape: {words}", model=model, said=words)
        base = self.endpoint.address.base
        return EndpointError(f"{model}: no model's answer: {words}{address_remedy(base)}", model=model, said=words)

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.close()

    async def _post(
        self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None, query: Mapping[str, Any] | None
    ) -> Reply:
        named = {name: value for name, value in body.items() if name in NAMED}
        parameters = {name: str(value) for name, value in (dict(self.endpoint.query) | dict(query or {})).items()}
        try:
            # A limit of the library is for each piece that is read; a trickle would pass it for ever.
            async with awake_for(self._timeout):
                response = await self._calls[path].with_raw_response.create(
                    **named,
                    extra_body={name: value for name, value in body.items() if name not in named},
                    # The library would put its key into every request; ours goes into those to its own host.
                    extra_headers={"Authorization": openai.Omit()} | dict(headers or {}),
                    extra_query=parameters or None,
                )
                return Reply(response.status_code, _lower(response.headers), response.content)
        except openai.APIStatusError as refused:
            answer = refused.response
            return Reply(answer.status_code, _lower(answer.headers), answer.content)
        except openai.APIConnectionError as error:
            raise error.__cause__ or error from None

    def _failure(self, error: Exception, model: str) -> ModelError:
        where = f"{model}: {self.endpoint.address.base}"
        said = one_line(str(error)) or type(error).__name__
        if isinstance(error, TimeoutError | httpx.TimeoutException):
            return ModelUnavailableError(
                f"{where} gave no whole answer within the time limit of {self._timeout:g} s (llm_timeout)", model=model
            )
        if isinstance(error, _TooLongError):
            return UnusableAnswerError(f"{where}: more than {LONGEST_REPLY:,} bytes came as an answer", model=model)
        if isinstance(error, ssl.SSLError) or "CERTIFICATE_VERIFY_FAILED" in said or "WRONG_VERSION_NUMBER" in said:
            return EndpointError(
                f"{where} cannot be asked over TLS: {said}; check https:// and the certificates", model=model, said=said
            )
        if isinstance(error, httpx.HTTPError | OSError):
            return ModelUnavailableError(f"{where} cannot be reached: {said}", model=model, said=said)
        return EndpointError(f"{where} cannot be asked: {type(error).__name__}: {said}", model=model, said=said)


class _OwnHostOnly(httpx.Auth):
    """Puts the key into requests to the endpoint's own origin, as late as can be.

    It stands in no object that is logged or shown before, nor in a request anywhere else.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        endpoint = self._endpoint
        own = httpx.URL(endpoint.address.base)
        if endpoint.key is not None and (request.url.scheme, request.url.netloc) == (own.scheme, own.netloc):
            bearer = endpoint.key_header == "authorization"
            request.headers[endpoint.key_header] = f"Bearer {endpoint.key}" if bearer else endpoint.key
        yield request


class _TooLongError(Exception):
    """A reply without end."""


def _utf8(body: Mapping[str, Any]) -> dict[str, Any]:
    """The same with a question mark for each half of a character, which no text on the wire can hold."""
    return json.loads(json.dumps(body, ensure_ascii=False).encode("utf-8", errors="replace"))


async def _bound(response: httpx.Response) -> None:
    """Lets no more of a reply in than there may be."""
    assert isinstance(response.stream, httpx.AsyncByteStream)
    response.stream = _Bounded(response.stream)


class _Bounded(httpx.AsyncByteStream):
    """The bytes of a reply, as long as there are not too many."""

    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size, end = 0, b""
        async for piece in self._stream:
            size += len(piece)
            if size > LONGEST_REPLY:
                raise _TooLongError
            yield piece
            end = (end + piece)[-2 * len(_STREAM_ENDS) :].rstrip()
            if end.endswith(_STREAM_ENDS):
                return  # some servers keep the connection open after the last event

    async def aclose(self) -> None:
        await self._stream.aclose()


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
