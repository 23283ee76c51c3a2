"""The one way to ask a model anything: looks in the ledger, waits when told to, asks, and records."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Literal

import numpy as np

from shinka_core.budget import Budget
from shinka_core.config import EvolutionConfig, ModelPrice
from shinka_core.errors import ConfigError, ModelError, RateLimitedError
from shinka_core.llm.congestion import Gate
from shinka_core.llm.ledger import MemoryLedger
from shinka_core.llm.prices import cost
from shinka_core.llm.question import Ledger, Provider, Question, storable
from shinka_core.program import Answer, Usage

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
        self._gates = {model: Gate(model) for model in providers}
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
            ConfigError: A model is unknown, has no price where one is asked for, or a key is missing.
        """
        models = [*config.llm_models, *(model for model in config.novelty_llm_models if model not in config.llm_models)]
        unpriced = [model for model in models if cost(model, Usage(), config.llm_prices) is None]
        if unpriced and config.unknown_prices == "refuse":
            raise ConfigError(
                f"no price is known for {', '.join(unpriced)}; set llm_prices (0 for a model of your own), "
                "or unknown_prices='warn' to count it as free"
            )
        if unpriced and config.max_api_costs is not None:
            logger.warning("max_api_costs does not bound %s: no price is known; set llm_prices", ", ".join(unpriced))
        weights = config.llm_weights or [1.0] * len(config.llm_models)
        return cls(
            _connect(models, config, providers or {}),
            weights=dict(zip(config.llm_models, weights, strict=True)),
            ledger=ledger or MemoryLedger(),
            prices=config.llm_prices,
            budget=budget or Budget(config.max_api_costs),
            longest_answer=_longest_answer(config),
        )

    def has(self, model: str) -> bool:
        """Whether `pick` may draw that model."""
        return model in self._models

    def pick(self, rng: np.random.Generator) -> str:
        """Draws a model by weight."""
        return self._models[int(rng.choice(len(self._models), p=self._probabilities))]

    async def query(self, question: Question) -> Answer:
        """Asks once, or reads back the stored answer to the same key.

        A model of the ensemble that is congested hands the question to one that is not; the
        answer says which model gave it.

        Raises:
            ModelError: Stored as well; its class tells whether asking again may help.
        """
        stored = await self._ledger.find(question.key)
        if stored is not None:
            return stored
        return await _Call(self, self._route(question)).finish()

    async def close(self) -> None:
        """Closes all connections."""
        for provider in set(self._providers.values()):
            await provider.close()

    async def ask(self, question: Question, arrived: Callable[[], None]) -> Answer:
        """Asks whether or not the ledger knows the answer; `query` is what others want.

        Args:
            arrived: Called when the provider has answered, before anything is written.
        """
        gate = self._gates[question.model]
        async with gate.pass_through(), self._budget.reserve(question.model, self._most(question)) as reservation:
            started = time.monotonic()
            try:
                raw = await self._providers[question.model].ask(question)
            except ModelError as error:
                arrived()
                if isinstance(error, RateLimitedError):
                    gate.refused(error.retry_after)
                else:
                    gate.served()
                reservation.settle(self._cost(question.model, error.usage) if error.usage else 0.0)
                await self._ledger.failed(question, error, reservation.cost, time.monotonic() - started)
                raise
            arrived()
            gate.served()
            usage = raw.usage or Usage()
            reservation.settle(self._cost(question.model, usage))
            answer = Answer(
                text=storable(raw.text),
                model=question.model,
                usage=usage,
                cost=reservation.cost,
                seconds=time.monotonic() - started,
                cut=raw.cut,
            )
            await self._ledger.answered(question, answer)
            return answer

    def _route(self, question: Question) -> Question:
        """The question to another model of the ensemble, when its own is congested and another is not."""
        if question.model not in self._models or not self._gates[question.model].congested:
            return question
        free = [index for index, model in enumerate(self._models) if not self._gates[model].congested]
        weights = self._probabilities[free]
        if not free or not weights.sum() > 0:
            return question
        rng = np.random.default_rng(question.seed)
        return replace(question, model=self._models[free[int(rng.choice(len(free), p=weights / weights.sum()))]])

    def _most(self, question: Question) -> float:
        """US dollars that a call may cost when no other tells: a long answer to this prompt."""
        characters = sum(len(message.content) for message in question.messages)
        usage = Usage(input_tokens=characters // CHARACTERS_PER_TOKEN, output_tokens=self._longest_answer)
        return cost(question.model, usage, self._prices) or 0.0

    def _cost(self, model: str, usage: Usage) -> float:
        dollars = cost(model, usage, self._prices)
        if dollars is None:
            if model not in self._unpriced:
                self._unpriced.add(model)
                logger.warning("no price is known for %s: its calls count as 0 dollars; set llm_prices", model)
            return 0.0
        return dollars


class _Call:
    """One call that outlives the cancellation of who waits for it, until its answer is written.

    A question that is still with the provider is given up after a short grace; an answer that has
    come is written however long that takes and however often the wait is cancelled.
    """

    def __init__(self, client: AsyncLLMClient, question: Question) -> None:
        self._arrived = False
        self._task = asyncio.ensure_future(client.ask(question, self._arrive))

    async def finish(self) -> Answer:
        """The answer; raises what the call raises."""
        try:
            return await asyncio.shield(self._task)
        except asyncio.CancelledError:
            await self._see_it_written()
            raise

    def _arrive(self) -> None:
        self._arrived = True

    async def _see_it_written(self) -> None:
        give_up_at = time.monotonic() + GRACE
        while not self._task.done():
            if not self._arrived and time.monotonic() >= give_up_at:
                self._task.cancel()
            with suppress(asyncio.CancelledError):  # a second Ctrl-C must not tear what the first one spared
                await asyncio.wait([self._task], timeout=0.05)
        if not self._task.cancelled():
            self._task.exception()  # seen: nobody else will ask for it


# Seconds that a cancelled run waits for an answer that may be just coming.
GRACE = 0.5


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
