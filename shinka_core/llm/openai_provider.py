"""OpenAI-compatible endpoints: chat completions and responses.

Retries are off here: they belong to the Prefect task around the call, where they can be seen.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any, Literal

from openai import AsyncOpenAI
from openai.types.chat import ChatCompletion
from openai.types.responses import Response

from shinka_core.errors import ConfigError, ModelError, UnusableAnswerError
from shinka_core.llm.faults import translate
from shinka_core.llm.question import Question, RawAnswer
from shinka_core.program import Usage

# Local servers want no key, but the library sends one always.
NO_KEY = "not-needed"

# No answer has more; a server that counts more counts nonsense, which no table column would hold.
MOST_TOKENS = 1_000_000_000


class OpenAIProvider:
    """One endpoint that speaks the OpenAI protocol."""

    def __init__(
        self, *, base_url: str | None, api: Literal["chat", "responses"], timeout: float, options: dict[str, Any]
    ) -> None:
        """Prepares connections; none is opened yet.

        Args:
            base_url: None for OpenAI's own (or `OPENAI_BASE_URL`).
            timeout: Seconds for one whole answer.
            options: Sent with every call, such as `temperature`.

        Raises:
            ConfigError: There is neither a key nor an endpoint of one's own.
        """
        own_endpoint = base_url or os.environ.get("OPENAI_BASE_URL")
        key = os.environ.get("OPENAI_API_KEY") or (NO_KEY if own_endpoint else None)
        if key is None:
            raise ConfigError(
                "OPENAI_API_KEY is not set; set it in the environment, name an endpoint with llm_base_url "
                "(--base-url), or use the model 'builtin/mutate'"
            )
        self._api = api
        self._timeout = timeout
        self._options = options
        self._client = AsyncOpenAI(api_key=key, base_url=base_url, timeout=timeout, max_retries=0)

    async def ask(self, question: Question) -> RawAnswer:
        """Asks once."""
        model = question.model.partition("@")[0]
        messages: list[Any] = [{"role": message.role, "content": message.content} for message in question.messages]
        try:
            # The library's own limit is for each piece that is read; a trickle would pass it for ever.
            async with asyncio.timeout(self._timeout):
                if self._api == "responses":
                    create: Any = self._client.responses.create
                    response: Response = await create(model=model, input=messages, **self._options)
                    return _from_response(response, question.model)
                create = self._client.chat.completions.create
                completion: ChatCompletion = await create(model=model, messages=messages, **self._options)
                return _from_completion(completion, question.model)
        except ModelError:
            raise
        except Exception as error:
            # Servers that only look like OpenAI send shapes which neither the library nor this
            # module foresees; whatever that raises is the endpoint's failure and recorded as such.
            raise translate(error, question.model) from error

    async def close(self) -> None:
        """Closes the connections."""
        await self._client.close()


def _from_completion(completion: ChatCompletion, model: str) -> RawAnswer:
    # Servers that only look like OpenAI leave out what its types promise; hence the doubts.
    choices = getattr(completion, "choices", None)
    if not choices:
        raise UnusableAnswerError(f"{model}: the answer has no choices", model=model)
    choice = choices[0]
    usage = _usage(getattr(completion, "usage", None))
    text = choice.message.content if choice.message else None
    if not isinstance(text, str) or not text:
        refusal = getattr(choice.message, "refusal", None)
        raise UnusableAnswerError(
            f"{model}: {f'refused: {refusal}' if refusal else f'empty answer (finish reason {choice.finish_reason})'}"[
                :500
            ],
            model=model,
            usage=usage,
        )
    return RawAnswer(text, usage)


def _from_response(response: Response, model: str) -> RawAnswer:
    usage = _usage(getattr(response, "usage", None))
    text = response.output_text
    if not text:
        raise UnusableAnswerError(f"{model}: empty answer (status {response.status})", model=model, usage=usage)
    return RawAnswer(text, usage)


def _usage(counted: Any) -> Usage:
    """Token counts of either interface; 0 for whatever the server does not count."""

    def count(holder: Any, *names: str) -> int:
        for name in names:
            value = getattr(holder, name, None)
            if isinstance(value, int) and not isinstance(value, bool):
                return min(max(value, 0), MOST_TOKENS)
        return 0

    inputs = getattr(counted, "prompt_tokens_details", None) or getattr(counted, "input_tokens_details", None)
    outputs = getattr(counted, "completion_tokens_details", None) or getattr(counted, "output_tokens_details", None)
    return Usage(
        input_tokens=count(counted, "prompt_tokens", "input_tokens"),
        output_tokens=count(counted, "completion_tokens", "output_tokens"),
        cached_tokens=count(inputs, "cached_tokens"),
        reasoning_tokens=count(outputs, "reasoning_tokens"),
    )
