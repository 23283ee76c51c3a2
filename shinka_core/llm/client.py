"""The one way to ask a model anything: looks in the ledger, waits when told to, asks, and records."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from shinka_core.budget import Budget
from shinka_core.config import EvolutionConfig, ModelPrice
from shinka_core.errors import ConfigError, ModelError, RateLimitedError, UnusableAnswerError
from shinka_core.llm.ledger import MemoryLedger
from shinka_core.llm.prices import cost
from shinka_core.llm.question import Ledger, Provider, Question
from shinka_core.program import Answer, Usage

if TYPE_CHECKING:
    from collections.abc import Coroutine

logger = logging.getLogger("shinka.llm")

# Low, so that an estimate is rather too high: prose has about four.
CHARACTERS_PER_TOKEN = 2
LONG_ANSWER = 16_384


class AsyncLLMClient:
    """Asks several models, each through its provider, and keeps account.

    An answer is in the ledger before anyone sees it, and a key that the ledger knows is never
    asked again.
    """

    def __init__(
        self,
        providers: Mapping[str, Provider],
        *,
        weights: Mapping[str, float],
        ledger: Ledger,
        prices: Mapping[str, ModelPrice] | None = None,
        budget: Budget | None = None,
        longest_answer: int = LONG_ANSWER,
    ) -> None:
        """Puts the parts together; `from_config` makes them from settings.

        Args:
            providers: By model name as configured.
            weights: Models that `pick` draws from, with weights of any sum.
            budget: Bounds what is spent.
            longest_answer: Tokens; what a first call is taken to cost rests on it.
        """
        self._providers = dict(providers)
        self._models = list(weights)
        total = sum(weights.values())
        self._probabilities = np.array([weights[model] / total for model in self._models])
        self._ledger = ledger
        self._prices = prices or {}
        self._budget = budget or Budget(None)
        self._longest_answer = longest_answer
        self._not_before: dict[str, float] = {}
        self._unpriced: set[str] = set()

    @classmethod
    def from_config(
        cls,
        config: EvolutionConfig,
        *,
        ledger: Ledger | None = None,
        providers: Mapping[str, Provider] | None = None,
        budget: Budget | None = None,
    ) -> AsyncLLMClient:
        """A client for the models of a run.

        Args:
            ledger: Where calls are kept; None keeps them in memory.
            providers: Built-in operators by model name.
            budget: Shared with other clients; None makes one of `max_api_costs`.

        Raises:
            ConfigError: A model is unknown, or a key is missing.
        """
        models = [*config.llm_models, *(model for model in config.novelty_llm_models if model not in config.llm_models)]
        weights = config.llm_weights or [1.0] * len(config.llm_models)
        return cls(
            _connect(models, config, providers or {}),
            weights=dict(zip(config.llm_models, weights, strict=True)),
            ledger=ledger or MemoryLedger(),
            prices=config.llm_prices,
            budget=budget or Budget(config.max_api_costs),
            longest_answer=_longest_answer(config),
        )

    def pick(self, rng: np.random.Generator) -> str:
        """Draws a model by weight."""
        return self._models[int(rng.choice(len(self._models), p=self._probabilities))]

    async def query(self, question: Question) -> Answer:
        """Asks once, or reads back the stored answer to the same key.

        Raises:
            ModelError: Stored as well; its class tells whether asking again may help.
        """
        stored = await self._ledger.find(question.key)
        if stored is not None:
            return stored
        # A cancelled run must not lose an answer between its arrival and its row, so the call
        # goes on under the shield until it is written.
        return await _finish_even_if_cancelled(self._ask(question))

    async def close(self) -> None:
        """Closes all connections."""
        for provider in set(self._providers.values()):
            await provider.close()

    async def _ask(self, question: Question) -> Answer:
        await self._wait_until_allowed(question.model)
        async with self._budget.reserve(question.model, self._most(question)) as reservation:
            started = time.monotonic()
            try:
                raw = await self._providers[question.model].ask(question)
            except ModelError as error:
                if isinstance(error, RateLimitedError) and error.retry_after:
                    self._not_before[question.model] = time.monotonic() + error.retry_after
                usage = error.usage if isinstance(error, UnusableAnswerError) else None
                reservation.settle(self._cost(question.model, usage) if usage else 0.0)
                await self._ledger.failed(question, error, reservation.cost, time.monotonic() - started)
                raise
            reservation.settle(self._cost(question.model, raw.usage))
            answer = Answer(
                text=raw.text,
                model=question.model,
                usage=raw.usage,
                cost=reservation.cost,
                seconds=time.monotonic() - started,
            )
            await self._ledger.answered(question, answer)
            return answer

    def _most(self, question: Question) -> float:
        """US dollars that a call may cost when no other tells: a long answer to this prompt."""
        characters = sum(len(message.content) for message in question.messages)
        usage = Usage(input_tokens=characters // CHARACTERS_PER_TOKEN, output_tokens=self._longest_answer)
        return cost(question.model, usage, self._prices) or 0.0

    async def _wait_until_allowed(self, model: str) -> None:
        while (wait := self._not_before.get(model, 0.0) - time.monotonic()) > 0:  # noqa: ASYNC110 - may be put off again
            await asyncio.sleep(wait)

    def _cost(self, model: str, usage: Usage) -> float:
        dollars = cost(model, usage, self._prices)
        if dollars is None:
            if model not in self._unpriced:
                self._unpriced.add(model)
                logger.warning("no price is known for %s: its calls count as 0 dollars; set llm_prices", model)
            return 0.0
        return dollars


async def _finish_even_if_cancelled(call: Coroutine[Any, Any, Answer]) -> Answer:
    """Awaits the call; when cancelled, lets a call that is under way reach the ledger first."""
    task = asyncio.ensure_future(call)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if task.done() or not await _arrives_within_grace(task):
            task.cancel()
        raise


# Seconds that a cancelled run waits for answers which are being written; a question that is still
# with the provider is given up.
GRACE = 0.5


async def _arrives_within_grace(task: asyncio.Future[Answer]) -> bool:
    done, _ = await asyncio.wait([task], timeout=GRACE)
    return bool(done)


def _longest_answer(config: EvolutionConfig) -> int:
    limits = (config.llm_kwargs.get(name) for name in ("max_completion_tokens", "max_output_tokens", "max_tokens"))
    return next((limit for limit in limits if isinstance(limit, int)), LONG_ANSWER)


def _connect(models: Sequence[str], config: EvolutionConfig, builtin: Mapping[str, Provider]) -> dict[str, Provider]:
    """A provider for every model; models with the same endpoint share one."""
    endpoints: dict[str | None, Provider] = {}
    providers: dict[str, Provider] = {}
    for model in models:
        if model.startswith("builtin/"):
            if model not in builtin:
                raise ConfigError(f"llm_models names {model!r}; built in are: {', '.join(builtin) or 'none'}")
            providers[model] = builtin[model]
            continue
        base_url = model.partition("@")[2] or config.llm_base_url
        if base_url not in endpoints:
            endpoints[base_url] = _openai_provider(base_url, config.llm_api, config)
        providers[model] = endpoints[base_url]
    return providers


def _openai_provider(base_url: str | None, api: Literal["chat", "responses"], config: EvolutionConfig) -> Provider:
    # Imported here: the library takes a second to load, which a run with built-in models has not to spend.
    from shinka_core.llm.openai_provider import OpenAIProvider

    return OpenAIProvider(base_url=base_url, api=api, timeout=config.llm_timeout, options=dict(config.llm_kwargs))
