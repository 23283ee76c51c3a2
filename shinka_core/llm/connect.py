"""From settings to providers: who answers for which model, what is sent with every call, and what has a price."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Iterable, Mapping, Sequence

from shinka_core.config import EvolutionConfig
from shinka_core.config.options import names_model, without_address
from shinka_core.errors import ConfigError
from shinka_core.llm.context import ANSWER_SHARE, answer_limit, context_tokens, option
from shinka_core.llm.endpoint import (
    Endpoint,
    check_models,
    endpoint_of,
    has_anthropic,
    remote_embedding,
    sent_name,
)
from shinka_core.llm.prices import AnswerBound, PriceList, longest_answer
from shinka_core.llm.question import Provider
from shinka_core.model_address import is_builtin, shown_model
from shinka_core.model_place import Given, place_of, provider_named
from shinka_core.secrets import read_key

logger = logging.getLogger("shinka.llm")


def answer_bounds(config: EvolutionConfig, models: Sequence[str]) -> dict[str, AnswerBound]:
    """How long and how many the answers of each model may be, as far as the settings say."""
    bounds: dict[str, AnswerBound] = {}
    for model in models:
        options = config.options_for(model)
        context = context_tokens(model, config.llm_context_tokens)
        bounds[model] = AnswerBound(
            sent=answer_limit(options),
            most=longest_answer(model) if context is None else min(longest_answer(model), context // ANSWER_SHARE),
            answers=option(options, "n") or 1,
        )
    return bounds


def check_prices(config: EvolutionConfig, models: Sequence[str], prices: PriceList) -> None:
    """A budget bounds only what has a price.

    Raises:
        ConfigError: A model has none where one is asked for.
    """
    if (embedding := remote_embedding(config)) is not None:
        models = [*models, embedding]
    allowed = config.unknown_prices
    near = _meant_otherwise(config.llm_prices, models)
    if near:
        logger.warning("%s", near)
    if allowed == "warn":
        return
    named = allowed if isinstance(allowed, list) else []
    unpriced = [model for model in models if prices.price(model) is None and not _named(model, named)]
    if not unpriced:
        return
    if allowed == "refuse" or config.max_api_costs is not None:
        what = (
            ""
            if config.max_api_costs is None
            else f", so max_api_costs={config.max_api_costs:g} cannot bound its calls"
        )
        raise ConfigError(
            f"no price is known for {', '.join(unpriced)}{what}; set llm_prices: {{{unpriced[0]}: {{input: DOLLARS, "
            "output: DOLLARS}} per million tokens (0 for a model of your own), or to ask at a cost that nobody knows "
            f"unknown_prices: [{', '.join(unpriced)}]{f'; {near}' if near else ''}"
        )


def _meant_otherwise(names: Iterable[str], models: Sequence[str]) -> str:
    """Names in `llm_prices` that are none of the models and look like one that has no price of its own there, in words.

    Others may stand there: one list of prices may serve many runs.
    """
    own = set(names)
    without = {without_address(model): shown_model(model) for model in models if not _named(model, own)}
    told: list[str] = []
    for name in sorted(own):
        if names_model(name, models):
            continue
        same = [each for each in without if each.rpartition("/")[2] == name.rpartition("/")[2]]
        if near := same or difflib.get_close_matches(name, without, n=1, cutoff=0.8):
            told.append(f"{shown_model(name)} (did you mean {without[near[0]]}?)")
    return f"llm_prices names what is none of the models: {', '.join(told)}" if told else ""


def _named(model: str, names: Iterable[str]) -> bool:
    return any(names_model(name, [model]) for name in names)


def connect(models: Sequence[str], config: EvolutionConfig, builtin: Mapping[str, Provider]) -> dict[str, Provider]:
    """Prepares connections to whatever the models are asked at; none is opened yet.

    Args:
        builtin: Operators in the place of models, by name.

    Raises:
        ConfigError: A model is unknown, an address wrong, or a key missing.
    """
    # Imported here: it takes a while to load, which a run with built-in models has not to spend.
    from shinka_core.llm.endpoint_provider import EndpointProvider

    check_models(config)
    endpoints: dict[Endpoint, EndpointProvider] = {}
    providers: dict[str, Provider] = {}
    for model in models:
        if is_builtin(model):
            if model not in builtin:
                raise ConfigError(f"llm_models names {model!r}; built in are: {', '.join(builtin) or 'none'}")
            providers[model] = builtin[model]
            continue
        endpoint = endpoint_of(model, config)
        _say_what_is_sent(model, endpoint, config)
        if endpoint not in endpoints:
            _say_what_is_missed(endpoint)
            endpoints[endpoint] = EndpointProvider(endpoint, timeout=config.llm_timeout)
        own = config.own_options(model)
        endpoints[endpoint].add(model, config.options_for(model), own, sent_name(model, config))
        providers[model] = endpoints[endpoint]
    return providers


def _say_what_is_sent(model: str, endpoint: Endpoint, config: EvolutionConfig) -> None:
    """Tells of a provider's prefix that is sent as a part of the name, where its key says that it was meant otherwise."""
    meant, _ = provider_named(model)
    if meant is None or meant.server or meant is endpoint.provider:
        return
    if place_of(model, config.llm_base_url).given is Given.SETTINGS and any(map(read_key, meant.keys)):
        logger.warning(
            "%s is asked at %s by all of this name, since llm_base_url or OPENAI_BASE_URL is set; leave that out to ask %s",
            model, endpoint.address.base, meant.prefix,
        )  # fmt: skip


def _say_what_is_missed(endpoint: Endpoint) -> None:
    """Tells of an interface that would say more, where only its library is missing."""
    provider = endpoint.provider
    if provider is not None and provider.interfaces[0] == "messages" and endpoint.api == "chat" and not has_anthropic():
        logger.warning(
            "%s is asked in the interface that is compatible with OpenAI's: it caches no prompts and counts no cached "
            "tokens; pip install 'shinka-prefect[anthropic]' for its own",
            endpoint.address.host,
        )
