"""What can be asked from here: the providers whose keys are set, servers on this machine, and what is known of a model."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from shinka_core.config import EvolutionConfig
from shinka_core.config.options import names_model
from shinka_core.errors import ConfigError
from shinka_core.llm.context import KNOWN
from shinka_core.llm.endpoint import (
    ANTHROPICS_HEADER,
    Endpoint,
    endpoint_of,
    has_anthropic,
    priced_models,
    remote_embedding,
)
from shinka_core.llm.http_client import http_client
from shinka_core.llm.list_prices import context_limit
from shinka_core.llm.prices import PriceList
from shinka_core.llm.rates import Price
from shinka_core.model_address import is_builtin, parse_address, shown_model, without_secrets
from shinka_core.model_place import place_of
from shinka_core.providers import PROVIDERS, Interface, ModelProvider, base_of
from shinka_core.secrets import read_key, redact

# Seconds for each part of a list of models, which servers on this machine give at once; twice that for all of it.
LISTING = 10.0
NEAR = 1.5


@dataclass(frozen=True, slots=True)
class Access:
    """One provider, as this environment can use it.

    Attributes:
        keys: Variables of its key; the first that is set counts.
        key: The one that is set; "" when none is.
        address: None where the environment does not tell it.
        problem: Why it cannot be used, in words; "" when it can, as far as can be told without asking.
        models: What it lists; None: it was not looked at.
        said: What it said when it was looked at, if that was no list.
    """

    provider: ModelProvider
    interface: Interface
    keys: tuple[str, ...]
    key: str
    address: str | None
    problem: str
    models: tuple[str, ...] | None = None
    said: str = ""

    @property
    def name(self) -> str:
        """What names begin with that are asked there."""
        return self.provider.prefix


@dataclass(frozen=True, slots=True)
class KnownModel:
    """What is known of a model before it is asked.

    Attributes:
        name: As it may be shown.
        context: Tokens that it reads and writes at once, where anybody says.
        problem: Why it cannot be asked, in words; "" when it can.
    """

    model: str
    name: str
    interface: str
    address: str
    key: str
    price: Price | None
    context: int | None
    problem: str = ""


def accesses() -> list[Access]:
    """All providers of the table that have an address of their own or from the environment."""
    return [_access(provider) for provider in PROVIDERS if provider.base or not provider.server]


def _access(provider: ModelProvider) -> Access:
    base, variable = base_of(provider)
    interface = provider.interfaces[0]
    if interface == "messages" and not has_anthropic():
        interface = "chat"
    key, problem = "", ""
    try:
        key = next((name for name in provider.keys if read_key(name)), "")
    except ConfigError as error:
        problem = str(error)
    if not problem and not key and not provider.server:
        problem = f"{' or '.join(provider.keys)} is not set"
    elif not problem:
        problem = _problem_of(base, variable)
    return Access(provider, interface, provider.keys, key, base and without_secrets(base), problem)


def _problem_of(base: str | None, variable: str) -> str:
    """What is wrong with an address that a variable holds, or should."""
    if base is None:
        return f"{variable} is not set"
    try:
        parse_address(variable or "its address", base)
    except ConfigError as error:
        return redact(str(error))
    return ""


async def look(access: Access) -> Access:
    """The same with the models that it lists; what it says instead is taken down, and nothing is raised."""
    if access.address is None:
        return access
    import httpx

    endpoint = endpoint_at(access)
    server = access.provider.server
    try:
        patience = NEAR if server else LISTING
        reach = http_client(httpx, endpoint.address.base, timeout=patience)
        async with asyncio.timeout(2 * patience), reach as client:
            reply = await client.get(f"{endpoint.address.base}/models", headers=_headers(endpoint))
            body: Any = reply.json() if reply.is_success else None
    except (httpx.HTTPError, OSError, ValueError) as error:
        said = redact(f"{type(error).__name__}: {error}".strip().rstrip(":"))
        return replace(access, problem="nothing answers there" if server else "out of reach", said=said)
    if body is None:
        problem = "wrong key" if reply.status_code in (401, 403) else ""
        return replace(access, problem=problem, said=f"its list of models: HTTP {reply.status_code}")
    return replace(access, models=tuple(_names(body)))


async def look_at(found: Sequence[Access]) -> list[Access]:
    """Several of them at once."""
    return list(await asyncio.gather(*map(look, found)))


def endpoint_at(access: Access) -> Endpoint:
    """Where a provider is asked, with its key, which goes nowhere else."""
    assert access.address is not None, "only who has an address is looked at"
    address = parse_address(f"the address of {access.name}", base_of(access.provider)[0] or access.address)
    header = ANTHROPICS_HEADER if access.provider.interfaces[0] == "messages" else address.key_header
    key = read_key(access.key) if access.key else None
    return Endpoint(address, key, access.key, header, address.query, access.interface, provider=access.provider)


def _headers(endpoint: Endpoint) -> dict[str, str]:
    headers = {"accept": "application/json"}
    if endpoint.key is not None:
        bearer = endpoint.key_header == "authorization"
        headers[endpoint.key_header] = f"Bearer {endpoint.key}" if bearer else endpoint.key
    if endpoint.key_header == ANTHROPICS_HEADER:
        headers["anthropic-version"] = "2023-06-01"
    return headers


def _names(body: Any) -> list[str]:
    """Of a list of models as any of them forms it."""
    listed: Any = body.get("data") or body.get("models") or [] if isinstance(body, dict) else body  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    found: list[str] = []
    for each in listed if isinstance(listed, list) else []:  # pyright: ignore[reportUnknownVariableType]
        name: Any = (each.get("id") or each.get("name")) if isinstance(each, dict) else each  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
        if isinstance(name, str) and name.isprintable():
            found.append(name.removeprefix("models/"))
    return sorted(set(found))


def known_model(model: str, config: EvolutionConfig, prices: PriceList | None = None) -> KnownModel:
    """What is known of a model of a run, without asking anybody.

    Args:
        prices: Of the run; None makes them of its settings.
    """
    prices = prices or PriceList.of(config, [model])
    price = prices.price(model)
    if is_builtin(model):
        return KnownModel(model, model, "built in", "", "", price, None)
    try:
        place = place_of(model, config.llm_base_url)
    except ConfigError as error:
        return KnownModel(model, shown_model(model), "", "", "", price, None, redact(str(error)))
    context = config.llm_context_tokens.get(model) or context_limit(place) or KNOWN.get(place.name)
    where = without_secrets(place.address.base)
    try:
        endpoint = endpoint_of(model, config)
    except ConfigError as error:
        return KnownModel(model, shown_model(model), "", where, "", price, context, redact(str(error)))
    key = endpoint.key_name if endpoint.key is not None else ""
    return KnownModel(model, shown_model(model), endpoint.api, where, key, price, context)


def askable(config: EvolutionConfig) -> list[str]:
    """Those of the models of a run, and of its embedding, whose address is known and whose key is there."""
    placed = [model for model in priced_models(config) if is_builtin(model) or _is_placed(model, config)]
    there = only(placed, config)
    return [model for model in placed if not known_model(model, there).problem]


def _is_placed(model: str, config: EvolutionConfig) -> bool:
    try:
        place_of(model, config.llm_base_url)
    except ConfigError:
        return False
    return True


def only(models: Sequence[str], config: EvolutionConfig) -> EvolutionConfig:
    """The settings for some of its models alone, without what belongs to others and to their roles."""
    asked = [model for model in models if model != remote_embedding(config)]
    gone = [model for model in config.models if model not in models]
    return config.model_copy(
        update={
            "llm_models": asked, "llm_weights": None, "llm_roles": {}, "novelty_llm_models": [],
            "embedding_model": config.embedding_model if config.embedding_model in models else None,
            "llm_kwargs": {
                name: value
                for name, value in config.llm_kwargs.items()
                if not (isinstance(value, dict) and names_model(name, gone) and not names_model(name, models))
            },
            "llm_model_kwargs": {
                name: value for name, value in config.llm_model_kwargs.items() if names_model(name, models)
            },
            "novelty_llm_kwargs": {}, "meta_llm_kwargs": {}, "prompt_llm_kwargs": {},
        }
    )  # fmt: skip


def set_elsewhere() -> str | None:
    """The address that the environment gives to all models without one of their own."""
    url = os.environ.get("OPENAI_BASE_URL")
    return None if not url else without_secrets(url)
