"""An endpoint over HTTP, in whichever interface each of its models is asked.

Retries are off here: they belong to the Prefect task around the call, where they can be seen. Asked
again at once is only what a model refuses for its form alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping
from typing import Any, cast

from shinka_core.errors import ModelUnavailableError, UnusableAnswerError
from shinka_core.llm import messages
from shinka_core.llm.billed_tokens import estimated
from shinka_core.llm.complaint import Complaint, is_complaint, one_line, read_complaint
from shinka_core.llm.connection import Connection
from shinka_core.llm.dialect import LIMITS, Dialect
from shinka_core.llm.endpoint import Endpoint
from shinka_core.llm.interfaces import FORMATS, WireFormat
from shinka_core.llm.option_names import EXTRAS
from shinka_core.llm.options import names_for
from shinka_core.llm.question import Question, RawAnswer
from shinka_core.llm.reply import Reply

logger = logging.getLogger("shinka.llm")

# Forms in which one question is tried: another interface, a system message, a stream, a limit's name and a few options.
MOST_FORMS = 8
# Tokens of a prompt from which on an estimate of them is worth comparing with a count.
LONG_PROMPT = 2_000
# Bytes of a reply up to which it is read on the event loop; above, it would hold up others.
SMALL_REPLY = 200_000


class EndpointProvider:
    """One endpoint, for all models of a run that are asked there."""

    def __init__(self, endpoint: Endpoint, *, timeout: float) -> None:
        """Prepares connections; none is opened yet.

        Args:
            timeout: Seconds for one whole answer.
        """
        self.endpoint = endpoint
        self._connection = Connection(endpoint, timeout=timeout)
        self._names: dict[str, str] = {}
        self._options: dict[str, dict[str, Any]] = {}
        self._dialects: dict[str, Dialect] = {}
        self._cut: set[str] = set()

    def add(self, model: str, options: Mapping[str, Any], own: Collection[str], name: str) -> None:
        """Says what is sent with every call to a model, such as `temperature`.

        Args:
            model: Name as configured.
            own: Those of the options that are meant for this very model.
            name: What it is called at the endpoint.
        """
        self._names[model] = name
        self._options[model] = dict(options)
        self._dialects[model] = Dialect(
            model,
            api=self.endpoint.api,
            has_responses=self._has_responses(),
            fixed=self._as_sent(own),
            dropped=self._known(name, options, own),
        )

    async def ask(self, question: Question) -> RawAnswer:
        """Asks once, or a few times at once while only the form of the request is refused."""
        model = question.model
        dialect = self._dialects[model]
        for form in range(MOST_FORMS):
            wire = FORMATS[dialect.api]
            body, headers, query = self._request(question, dialect, wire)
            reply = await self._connection.post(wire.path, body, model=model, headers=headers, query=query)
            if len(reply.content) > SMALL_REPLY:
                answer = await asyncio.to_thread(self._read, reply, model, wire)
            else:
                answer = self._read(reply, model, wire)
            if isinstance(answer, RawAnswer):
                self._connection.has_answered = True
                self._warn_of_a_cut(question, answer)
                return answer
            if form + 1 == MOST_FORMS or not dialect.learn(answer, body):
                raise self._connection.fault(answer, model)
        raise AssertionError("the last form answers or raises")

    async def close(self) -> None:
        """Closes the connections."""
        await self._connection.close()

    def _has_responses(self) -> bool:
        """Whether a model may be asked in the other of OpenAI's interfaces; who is unknown may have it."""
        provider = self.endpoint.provider
        return provider is None or "responses" in provider.interfaces

    def _as_sent(self, names: Collection[str]) -> frozenset[str]:
        """Names of options as they are in a request, of whichever interface."""
        if self.endpoint.api == "messages":
            return frozenset(messages.renamed(dict.fromkeys(names, "")))
        return frozenset(names) | names_for("responses", names)

    def _known(self, name: str, options: Mapping[str, Any], own: Collection[str]) -> set[str]:
        """Options that the provider's row knows to be refused, which is said; never those meant for this very model."""
        provider = self.endpoint.provider
        known = () if provider is None else provider.refused(name)
        refused = {option for option in known if option not in own}
        if left := sorted(refused & options.keys()):
            logger.warning(
                "%s takes no %s and is asked without (llm_kwargs: {MODEL: {...}} sets options of one model)",
                name,
                ", ".join(left),
            )
        return refused

    def _warn_of_a_cut(self, question: Question, answer: RawAnswer) -> None:
        """Says once that far fewer tokens were read than sent, where a server cuts prompts without a word."""
        provider, model = self.endpoint.provider, question.model
        if provider is None or not provider.silent or answer.usage is None or model in self._cut:
            return
        read, sent = answer.usage.input_tokens, estimated((one.content for one in question.messages), "").input_tokens
        if sent > LONG_PROMPT and 0 < read < sent / 2:
            self._cut.add(model)
            logger.warning(
                "%s read %d tokens of a prompt of about %d: the rest was cut off; give it a longer context%s, and say it in "
                "llm_context_tokens",
                model, read, sent, f" ({provider.note})" if provider.note else "",
            )  # fmt: skip

    def _limit(self, wire: WireFormat) -> str:
        """What the longest answer is called; a name that is refused is learned, one that is ignored cannot be."""
        if wire.limit is not None:
            return wire.limit
        # Where nobody knows, the older name: its successor may be ignored, and an answer without bound.
        return "max_tokens" if self.endpoint.provider is None else self.endpoint.provider.limit

    def _request(
        self, question: Question, dialect: Dialect, wire: WireFormat
    ) -> tuple[dict[str, Any], dict[str, str], dict[str, Any]]:
        """Body, headers and query of one call."""
        options = wire.options(self._options.get(question.model, {}) | dict(question.options))
        headers, query, extra = (cast(dict[str, Any], options.pop(name, None) or {}) for name in EXTRAS)
        body = wire.body(question, self._names[question.model]) | options | extra
        if question.longest_answer is not None and not any(name in body for name in LIMITS):
            body[self._limit(wire)] = question.longest_answer
        return dialect.form(body), {name: str(value) for name, value in headers.items()}, query

    def _read(self, reply: Reply, model: str, wire: WireFormat) -> RawAnswer | Complaint:
        """The answer, or what the provider has to say instead.

        Raises:
            ModelError: It is an answer, but not to be used.
        """
        text = reply.text
        body = reply.json()
        if not reply.is_good or is_complaint(body):
            return read_complaint(reply.status, reply.headers, text, body)
        if isinstance(body, dict) and body.keys() & {"choices", "output", "stop_reason"}:
            read: dict[str, Any] = body  # pyright: ignore[reportUnknownVariableType]
            return wire.read(read, model, self.endpoint.reasoning_is_answer)
        if (body is None and text.lstrip()[:1] in ("{", "[")) or reply.is_stream:
            raise ModelUnavailableError(f"{model}: the answer broke off: {one_line(text[-100:])}", model=model)
        if body is None and text.strip():
            said = read_complaint(reply.status, reply.headers, text, None)
            if type(self._connection.fault(said, model)) is not UnusableAnswerError:
                return said
        raise self._connection.no_answer(text, model)
