"""The one way to ask a model anything: looks in the ledger, waits when told to, asks, and records."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NoReturn, Self

import numpy as np

from shinka_core.budget import Budget, Cause
from shinka_core.config import EvolutionConfig, ModelPrice
from shinka_core.config.options import OF_PURPOSES
from shinka_core.errors import (
    ConfigError,
    ModelError,
    ModelUnavailableError,
    PromptTooLongError,
    Scope,
    UnusableAnswerError,
)
from shinka_core.llm import pictures
from shinka_core.llm.account import Account
from shinka_core.llm.billed_tokens import most_tokens
from shinka_core.llm.connect import answer_bounds, check_prices, connect
from shinka_core.llm.context import ANSWER_SHARE, answer_limit, option
from shinka_core.llm.dialect import LIMITS
from shinka_core.llm.endpoint import models_of
from shinka_core.llm.lasting_call import LastingCall
from shinka_core.llm.ledger import MemoryLedger
from shinka_core.llm.options import Options
from shinka_core.llm.prices import AnswerBound, PriceList, longest_answer
from shinka_core.llm.question import Ledger, Provider, Question, RawAnswer
from shinka_core.llm.roster import Roster
from shinka_core.model_address import is_builtin
from shinka_core.program import Answer, Purpose, Usage
from shinka_core.storable import storable


class AsyncLLMClient:
    """Asks several models, each through its provider, and keeps account.

    An answer is in the ledger before anyone sees it, and a key that the ledger knows is never
    asked again.

    Attributes:
        account: What all calls go through, embeddings too.
    """

    def __new__(cls, *arguments: Any, **named: Any) -> Self:
        """Tells those who make it as ShinkaEvolve's client is made what to write instead.

        Raises:
            ConfigError: It is given names of models.
        """
        theirs = "model_names" in named or (arguments and not isinstance(arguments[0], Mapping))
        if cls is AsyncLLMClient and theirs:
            raise ConfigError(
                "AsyncLLMClient is made by AsyncLLMClient.from_config(EvolutionConfig(llm_models=[...])); to ask models as in "
                "ShinkaEvolve take shinka.llm.LLMClient(model_names, ...), where a loop runs with "
                "`await asyncio.to_thread(client.query, msg, system_msg)`"
            )
        return super().__new__(cls)

    def __init__(
        self,
        providers: Mapping[str, Provider],
        *,
        weights: Mapping[str, float],
        others: Sequence[str] = (),
        options: Mapping[str, Mapping[str, Any]] | None = None,
        options_of: Mapping[Purpose, Mapping[str, Mapping[str, Any]]] | None = None,
        ledger: Ledger,
        prices: Mapping[str, ModelPrice] | PriceList | None = None,
        budget: Budget | None = None,
        bounds: Mapping[str, AnswerBound] | None = None,
        timeout: float | None = None,
    ) -> None:
        """Puts the parts together; `from_config` makes them from settings.

        Args:
            providers: By model name as configured.
            weights: Models that `pick` draws from, with weights of any sum.
            others: Models for some questions alone; they take over none of the others.
            options: What is sent with every call to a model; where it is a choice, one is drawn for each question.
            options_of: The same, of questions that have options of their own, by what they are for.
            prices: Those that win over the list prices, by name of the model; or all prices.
            budget: Bounds what is spent.
            bounds: How long the answers of each model may be.
            timeout: Seconds after which providers give an answer up.
        """
        self._providers = dict(providers)
        self._models = list(weights)
        self._others = [model for model in others if model not in weights]
        self._options = Options(options or {}, options_of or {})
        total = sum(weights.values())
        self._weights = {model: weight / total for model, weight in weights.items()}
        self._ledger = ledger
        self._prices = prices if isinstance(prices, PriceList) else PriceList(prices or {})
        self._bounds = dict(bounds or {})
        self._timeout = timeout
        self._longest_seen: Counter[str] = Counter()
        self._roster = Roster(self._providers)
        self.account = Account(ledger, self._prices, budget or Budget(None))

    @classmethod
    def from_config(
        cls,
        config: EvolutionConfig,
        *,
        ledger: Ledger | None = None,
        providers: Mapping[str, Provider] | None = None,
        budget: Budget | None = None,
        kept: Mapping[str, Any] | None = None,
    ) -> AsyncLLMClient:
        """A client for the models of a run.

        Args:
            ledger: Where calls are kept; None keeps them in memory.
            providers: Built-in operators by model name.
            budget: Shared with other clients; None makes one of `max_api_costs`.
            kept: Settings that are kept with a run which is continued: its prices hold.

        Raises:
            ConfigError: A model is unknown, has no price where one is asked for, or a key is missing.
        """
        models = models_of(config)
        prices = PriceList.of(config, models, kept)
        check_prices(config, models, prices)
        weights = config.llm_weights or [1.0] * len(config.llm_models)
        return cls(
            connect(models, config, providers or {}),
            weights=dict(zip(config.llm_models, weights, strict=True)),
            others=[*config.proposal_models, *config.meta_models],
            options={model: config.options_for(model) for model in models},
            options_of={
                purpose: {model: config.options_for(model, purpose) for model in models} for purpose in OF_PURPOSES
            },
            ledger=ledger or MemoryLedger(),
            prices=prices,
            budget=budget or Budget(config.max_api_costs),
            bounds=answer_bounds(config, models),
            timeout=config.llm_timeout,
        )

    @property
    def prices(self) -> PriceList:
        """What calls cost."""
        return self._prices

    def has(self, model: str) -> bool:
        """Whether the model can be asked for proposals."""
        return model in self._models or model in self._others

    def asks_at_once(self, model: str) -> bool:
        """Whether a question to the model would be sent at once: it is neither out nor resting nor congested."""
        known = self._roster.out(model) is None and not self._roster.resting(model)
        return known and not self.account.gate(model).congested

    def weighted(self, models: Sequence[str] | None = None) -> dict[str, float]:
        """Those of the models that can be asked at once, or all where none can, each with its weight.

        Args:
            models: Weighed equally; None: those of the ensemble by their weights.
        """
        if models is None:
            return {model: self._weights[model] for model in self._free(self._models) or self._models}
        return dict.fromkeys([model for model in models if self.asks_at_once(model)] or models, 1.0)

    def pick(self, rng: np.random.Generator) -> str:
        """Draws a model by weight, among those that can be asked."""
        return self._draw(self._free(self._models) or self._models, rng)

    async def query(self, question: Question) -> Answer:
        """Asks once, or reads back the stored answer to the same key.

        A model of the ensemble that is congested or refuses hands the question to one that does not; the
        answer says which model gave it.

        Raises:
            ModelError: Stored as well; its class tells whether asking again may help.
            ModelsOutError: No model of the ensemble can be asked any more.
            BudgetExhaustedError: The call could pass the budget.
        """
        stored = await self._ledger.find(question.key)
        if stored is not None:
            return stored
        refusals: dict[str, ModelError] = {}
        while True:
            routed = self._route(question, refusals)
            bound = self._bound(routed.model)
            try:
                return await LastingCall(partial(self.ask, routed)).finish()
            except ModelError as error:
                if self._bound(routed.model).most < bound.most:
                    continue
                if error.scope not in (Scope.MODEL, Scope.ENDPOINT) or not self.has(question.model):
                    raise
                refusals |= dict.fromkeys(self._roster.reaches(error, routed.model), error)

    def spare(self, model: str) -> bool:
        """Asks others than this model for a while; returns whether there are any."""
        self._roster.rest(model)
        return bool(self._free(self._models))

    async def close(self) -> None:
        """Closes all connections."""
        for provider in set(self._providers.values()):
            await provider.close()

    async def ask(self, question: Question, arrived: Callable[[], None]) -> Answer:
        """Asks whether or not the ledger knows the answer; `query` is what others want.

        Args:
            arrived: Called when the provider has answered, before anything is written.
        """
        question = replace(question, options=self._options.drawn(question.model, question.key, question.seed))
        most, least = self._tokens(question)
        cause = Cause(question.key.generation, question.key.purpose.value)
        async with self.account.call(question.model, most, least, cause) as reservation:
            question = self._bounded(question, most, reservation.reserved)
            started = time.monotonic()
            try:
                raw = await self._providers[question.model].ask(question)
            except asyncio.CancelledError:
                arrived()
                error = ModelUnavailableError(f"{question.model}: given up, since the run is being stopped")
                reservation.settle(reservation.reserved)
                if reservation.cost:
                    spent = time.monotonic() - started
                    await self._ledger.failed(question, error, reservation.cost, spent, estimated=True)
                raise
            except ModelError as error:
                arrived()
                self.account.judge(question.model, error)
                if not self._allows_less(question, error):
                    self._roster.failed(question.model, error)
                seconds = time.monotonic() - started
                reservation.settle(self._cost_of_failure(question, error, seconds, reservation.reserved))
                guessed = bool(reservation.cost) and error.usage is None
                await self._ledger.failed(question, error, reservation.cost, seconds, estimated=guessed)
                raise
            arrived()
            self.account.judge(question.model, None)
            self._roster.answered(question.model)
            usage, estimated = self._counted(question, raw)
            self._longest_seen[question.model] = max(self._longest_seen[question.model], usage.output_tokens)
            reservation.settle(self.account.price(question.model, usage))
            answer = Answer(
                text=storable(raw.text),
                model=question.model,
                usage=usage,
                cost=reservation.cost,
                seconds=time.monotonic() - started,
                cut=raw.cut,
                estimated=estimated,
            )
            await self._ledger.answered(question, answer)
            return answer

    # Whom to ask

    def _route(self, question: Question, refusals: Mapping[str, ModelError]) -> Question:
        """The question to a model that can be asked: its own, if that is one.

        Args:
            refusals: Models that have refused this question already.
        """
        model = question.model
        if model in self._providers and not self.has(model):  # a judge: whoever asked decides what follows
            if (why := self._roster.out(model)) is not None:
                raise why
            return question
        asked = dict.fromkeys([*self._models, *(other for other in self._others if other == model)])
        if question.material is None:  # built-in operators read programs, and no text
            asked = dict.fromkeys(other for other in asked if not is_builtin(other))
        able = [other for other in asked if other not in refusals and self._roster.out(other) is None]
        if not able:
            self._raise_nobody(refusals)
        free = self._free(able)
        if model in able and (not free or self.asks_at_once(model)):
            return question
        return replace(question, model=self._draw(free or able, np.random.default_rng(question.seed)))

    def _raise_nobody(self, refusals: Mapping[str, ModelError]) -> NoReturn:
        if all(self._roster.out(model) is not None for model in self._models):
            raise self._roster.nobody(self._models)
        raise list(refusals.values())[-1]

    def _free(self, models: Sequence[str]) -> list[str]:
        """Those of the models that can be asked at once."""
        return [model for model in models if self._weights.get(model, 0.0) > 0 and self.asks_at_once(model)]

    def _draw(self, models: Sequence[str], rng: np.random.Generator) -> str:
        weights = np.array([self._weights.get(model, 0.0) for model in models])
        probabilities = weights / weights.sum() if weights.sum() > 0 else None
        return models[int(rng.choice(len(models), p=probabilities))]

    # What it costs

    def _bound(self, model: str) -> AnswerBound:
        return self._bounds.get(model) or AnswerBound(most=longest_answer(model))

    def _bound_of(self, question: Question) -> AnswerBound:
        """The same of a question, whose own options may say otherwise."""
        bound = self._bound(question.model)
        if not question.options:
            return bound
        options = self._options.complete(question)
        return replace(bound, sent=answer_limit(options), answers=option(options, "n") or 1)

    def _tokens(self, question: Question) -> tuple[Usage, Usage]:
        """Tokens that a call can have at most: all bytes of its prompt with the longest answer, and with a short one."""
        prompt = most_tokens(message.content for message in question.messages)
        prompt += pictures.MOST_TOKENS * len(question.sent_pictures)
        bound = self._bound_of(question)
        longest = bound.sent or bound.most
        short = bound.sent or min(longest, max(SHORT_ANSWER, 2 * self._longest_seen[question.model]))
        return Usage(prompt, longest * bound.answers), Usage(prompt, short * bound.answers)

    def _bounded(self, question: Question, most: Usage, dollars: float) -> Question:
        """The question with a bound on its answer, where a budget rests on it: no longer than the dollars set aside pay."""
        bound = self._bound_of(question)
        if self.account.budget.limit is None or bound.sent is not None:
            return question
        # Of an answer to this prompt: behind a long one they may be dearer.
        prompt, more = (
            self._prices.cost(question.model, replace(most, output_tokens=tokens)) or 0.0 for tokens in (0, 1_000_000)
        )
        if more <= prompt:
            return question
        paid = int(round((dollars - prompt) * 1_000_000 / (more - prompt), 3))
        tokens = min(most.output_tokens, paid) // bound.answers
        return replace(question, longest_answer=max(tokens, 1))

    def _allows_less(self, question: Question, error: ModelError) -> bool:
        """Whether the bound on the answer was refused, and not the question: then it is smaller from now on."""
        allowed = question.longest_answer
        if allowed is None or allowed <= SHORTEST_ANSWER or error.scope not in (Scope.PROMPT, Scope.MODEL):
            return False
        if isinstance(error, PromptTooLongError) and error.context is not None:
            less = error.context // ANSWER_SHARE
        elif any(name in str(error) for name in LIMITS):
            less = allowed // 2
        else:
            return False
        bound = self._bound(question.model)
        self._bounds[question.model] = replace(bound, most=max(min(bound.most, less), SHORTEST_ANSWER))
        return less < allowed

    def _counted(self, question: Question, raw: RawAnswer) -> tuple[Usage, bool]:
        """Tokens of a call, and whether they are estimated, since the provider counted none."""
        usage = raw.usage
        if is_builtin(question.model) or (usage is not None and usage.output_tokens > 0):
            return usage or Usage(), False
        guess = self.account.estimate(question.model, [message.content for message in question.messages], raw.text)
        seen = pictures.TOKENS * len(question.sent_pictures)
        guess = replace(guess, input_tokens=guess.input_tokens + seen)
        if usage is not None and usage.input_tokens > 0:
            guess = replace(usage, output_tokens=guess.output_tokens)
        return guess, True

    def _cost_of_failure(self, question: Question, error: ModelError, seconds: float, reserved: float) -> float | None:
        if error.usage is not None:
            return self.account.price(question.model, error.usage)
        if isinstance(error, UnusableAnswerError) and error.reason == UnusableAnswerError.reason:
            prompt = [message.content for message in question.messages]
            return self.account.price(question.model, self.account.estimate(question.model, prompt, ""))
        if isinstance(error, ModelUnavailableError) and self._timeout is not None and seconds >= NEARLY * self._timeout:
            # The provider goes on and charges, for all that is known; a bound has to count that, and without one who knows?
            free = self._prices.cost(question.model, Usage(1, 1)) == 0
            return reserved if reserved or free else None
        return 0.0


# Tokens of an answer that are worth asking for with the last of a budget; twice the longest answer so far, if that is more.
SHORT_ANSWER = 2_048
# Tokens of an answer that a bound is never made shorter than, whatever a provider says of it.
SHORTEST_ANSWER = 1_024
# Of the time limit: an error that comes later is its own.
NEARLY = 0.98


# What it is made with is what `__init__` takes.
AsyncLLMClient.__new__.__dict__["__signature__"] = inspect.signature(AsyncLLMClient.__init__)
