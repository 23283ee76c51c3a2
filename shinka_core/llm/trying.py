"""Trying a model with one short question: whether the key is right, the name known, the account not empty."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from shinka_core.config import EvolutionConfig
from shinka_core.errors import (
    EndpointError,
    ModelError,
    ModelRefusedError,
    ModelUnavailableError,
    PromptRefusedError,
    QuotaExhaustedError,
    RateLimitedError,
    UnusableAnswerError,
)
from shinka_core.llm.billed_tokens import estimated
from shinka_core.llm.connect import connect
from shinka_core.llm.dialect import LIMITS
from shinka_core.llm.endpoint import endpoint_of
from shinka_core.llm.options import Options
from shinka_core.llm.prices import PriceList
from shinka_core.llm.question import CallKey, Provider, Question
from shinka_core.llm.usable import Access
from shinka_core.model_place import place_of
from shinka_core.program import NO_GENERATION, Purpose, Usage
from shinka_core.secrets import redact

Outcome = Literal[
    "ok", "wrong key", "no quota", "unknown model", "asks to wait", "out of reach", "wrong address", "refused"
]

# The shortest answer that every interface lets one ask for, in tokens.
TOKENS = 16
# Seconds for it: a server on this machine may have to read the model from its disk first.
PATIENCE = 60.0
# Options that let a model think for more tokens than that, which would be refused beside such a bound.
_THINKING = ("thinking", "reasoning")
SYSTEM, USER = "You answer in one word.", "Say: ready"
# Of names of models that write no answers.
_NO_WRITER = re.compile(
    r"embed|image|audio|tts|whisper|moderation|realtime|transcri|speech|live|guard|rerank|ocr|video|search|research|dall|sora",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it.

    Attributes:
        words: What the provider said, without keys; "" when all is well.
        cost: US dollars; None where the price is unknown, or nothing is known to be paid.
    """

    model: str
    outcome: Outcome
    seconds: float
    usage: Usage | None = None
    cost: float | None = None
    words: str = ""


async def try_models(models: Sequence[str], config: EvolutionConfig) -> list[Trial]:
    """Asks each model one short question: those of an endpoint one after the other, endpoints at once.

    Args:
        models: Such as can be asked, as far as can be told without.
        config: Of all that might be asked as well: whose key goes where depends on them.

    Raises:
        ConfigError: The settings are wrong, whatever is asked.
    """
    prices = PriceList.of(config, models)
    providers = connect(models, config, {})

    async def at(provider: Provider) -> list[Trial]:
        mine = [model for model in models if providers[model] is provider]
        return [await _try(model, provider, config, prices) for model in mine]

    try:
        found = await asyncio.gather(*map(at, dict.fromkeys(providers.values())))
        trials = {trial.model: trial for some in found for trial in some}
        return [trials[model] for model in models]
    finally:
        for provider in set(providers.values()):
            await provider.close()


async def _try(model: str, provider: Provider, config: EvolutionConfig, prices: PriceList) -> Trial:
    key = CallKey(NO_GENERATION, Purpose.PROPOSAL, 0, 0)
    options = config.options_for(model)
    drawn = Options({model: options}, {}).drawn(model, key, config.seed)
    unbounded = dict.fromkeys((name for name in (*LIMITS, *_THINKING) if name in options), None)
    question = Question(key, model, SYSTEM, USER, config.seed, longest_answer=TOKENS, options=drawn | unbounded)
    began = time.monotonic()
    try:
        async with asyncio.timeout(PATIENCE):
            raw = await provider.ask(question)
    except TimeoutError:
        words = f"no whole answer within {PATIENCE:g} s"
        return Trial(model, "out of reach", time.monotonic() - began, words=words)
    except ModelError as error:
        seconds, words = time.monotonic() - began, redact(str(error))
        usage = error.usage
        if isinstance(error, UnusableAnswerError) and not isinstance(error, PromptRefusedError) and usage is not None:
            # It thinks longer than it was let; that it answers is what was asked.
            return Trial(model, "ok", seconds, usage, prices.cost(model, usage))
        return Trial(model, _outcome(error, model, config), seconds, usage, usage and prices.cost(model, usage), words)
    usage = raw.usage or estimated([SYSTEM, USER], raw.text)
    return Trial(model, "ok", time.monotonic() - began, usage, prices.cost(model, usage))


def _outcome(error: ModelError, model: str, config: EvolutionConfig) -> Outcome:
    if isinstance(error, QuotaExhaustedError):
        return "no quota"
    if isinstance(error, RateLimitedError):
        return "asks to wait"
    if isinstance(error, ModelUnavailableError):
        return "out of reach"
    if isinstance(error, EndpointError):
        return "wrong key" if endpoint_of(model, config).remedy_for_key() in str(error) else "wrong address"
    if isinstance(error, ModelRefusedError) and "check the model's name" in str(error):
        return "unknown model"
    return "refused"


def cheapest(access: Access) -> str | None:
    """Of the models that a provider lists, the one that writes answers for least; None where no price is known."""
    named = {f"{access.name}/{name}": name for name in access.models or () if not _NO_WRITER.search(name)}
    prices = PriceList()
    # At its own address, whatever the environment says of models without one.
    known = {
        model: price.rates.input + price.rates.output
        for model in named
        if place_of(model).provider is access.provider
        and (price := prices.price(model)) is not None
        and price.rates.output > 0
    }
    return min(known, key=lambda model: (known[model], model), default=None)
