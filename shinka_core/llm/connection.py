"""One endpoint through its library: a question goes out, and whatever comes back is returned as it is.

The library's raw responses, not its types: what servers that only look like OpenAI send instead of an
answer (errors inside a 200, web pages, event streams nobody asked for) has to be seen as it came.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from typing import Any

from shinka_core.errors import EndpointError, ModelError, ModelUnavailableError, UnusableAnswerError
from shinka_core.llm.complaint import Complaint, one_line
from shinka_core.llm.endpoint import Endpoint
from shinka_core.llm.faults import address_remedy, fault_of
from shinka_core.llm.http_client import proxy_for
from shinka_core.llm.libraries import LONGEST_REPLY, TooLongError, library_of
from shinka_core.llm.patience import awake_for
from shinka_core.llm.reply import Reply


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
        self._library = library_of(endpoint, timeout)

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
        await self._library.close()

    async def _post(
        self, path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None, query: Mapping[str, Any] | None
    ) -> Reply:
        library = self._library
        named = {name: value for name, value in body.items() if name in library.named}
        parameters = {name: str(value) for name, value in (dict(self.endpoint.query) | dict(query or {})).items()}
        try:
            # A limit of the library is for each piece that is read; a trickle would pass it for ever.
            async with awake_for(self._timeout):
                response = await library.calls[path].with_raw_response.create(
                    **named,
                    extra_body={name: value for name, value in body.items() if name not in named},
                    # The library would put its key into every request; ours goes into those to its own host.
                    extra_headers=library.omitted | dict(headers or {}),
                    extra_query=parameters or None,
                )
                return await _reply(response.http_response)
        except library.statuses as refused:
            answer: Any = refused
            return await _reply(answer.response)
        except library.connections as error:
            raise error.__cause__ or error from None

    def _failure(self, error: Exception, model: str) -> ModelError:
        where = f"{model}: {self.endpoint.address.base}"
        said = one_line(str(error)) or type(error).__name__
        if isinstance(error, (TimeoutError, self._library.timeouts)):
            return ModelUnavailableError(
                f"{where} gave no whole answer within the time limit of {self._timeout:g} s (llm_timeout)", model=model
            )
        if isinstance(error, TooLongError):
            return UnusableAnswerError(f"{where}: more than {LONGEST_REPLY:,} bytes came as an answer", model=model)
        if isinstance(error, ssl.SSLError) or "CERTIFICATE_VERIFY_FAILED" in said or "WRONG_VERSION_NUMBER" in said:
            return EndpointError(
                f"{where} cannot be asked over TLS: {said}; check https:// and the certificates", model=model, said=said
            )
        if isinstance(error, (OSError, self._library.broken)):
            proxy = proxy_for(self.endpoint.address.base)
            by = f" through the proxy in {proxy}" if proxy else ""
            return ModelUnavailableError(f"{where} cannot be reached{by}: {said}", model=model, said=said)
        return EndpointError(f"{where} cannot be asked: {type(error).__name__}: {said}", model=model, said=said)


async def _reply(answer: Any) -> Reply:
    """What came, in a type of our own."""
    headers = {str(name).lower(): str(value) for name, value in answer.headers.items()}
    return Reply(answer.status_code, headers, await answer.aread())


def _utf8(body: Mapping[str, Any]) -> dict[str, Any]:
    """The same with a question mark for each half of a character, which no text on the wire can hold."""
    return json.loads(json.dumps(body, ensure_ascii=False).encode("utf-8", errors="replace"))
