"""Where a model is asked, and as what: the address that its name, the settings or its provider's row give it.

An address wins over a prefix: `openai/gpt-5` at OpenRouter's address is what OpenRouter calls it. Prefixes of servers that
people run themselves (`ollama/`, `vllm/`, `local/`, ...) are never sent, and those of a provider not to itself.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from enum import Enum

from shinka_core.errors import ConfigError
from shinka_core.model_address import Address, parse_address, split_model
from shinka_core.providers import BY_PREFIX, PROVIDERS, ModelProvider, base_of, provider_of_bare

# ShinkaEvolve asks the command-line agents of people's subscriptions under it.
HEADLESS = "headless/"
_AZURE_BARE = "azure-"


class Given(Enum):
    """Who gives an address."""

    NAME = "the model's name"
    SETTINGS = "llm_base_url or OPENAI_BASE_URL"
    PROVIDER = "its provider's row"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a model is asked.

    Attributes:
        name: What it is called there: the model's name without prefix and address.
        provider: Whose manners are to be expected; None of a host that nobody knows.
        given: Who gives the address.
    """

    name: str
    address: Address
    provider: ModelProvider | None
    given: Given


def place_of(model: str, base_url: str | None = None) -> Place:
    """Where a model is asked.

    Args:
        model: Name as configured.
        base_url: `llm_base_url`.

    Raises:
        ConfigError: The address is none, or nothing tells it.
    """
    name, own = split_model(model)
    if name.lower().startswith(HEADLESS):
        raise ConfigError(
            f"{model!r}: agents of the command line ({HEADLESS}) are no models that can be asked here; name a model "
            f"with its provider, such as openai/gpt-5-mini, or NAME@https://HOST/v1"
        )
    if own is not None:
        return _at(name, parse_address(f"the address of {name!r}", own), Given.NAME)
    if base_url is not None:
        return _at(name, parse_address("llm_base_url", base_url), Given.SETTINGS)
    if set_url := os.environ.get("OPENAI_BASE_URL"):
        return _at(name, parse_address("OPENAI_BASE_URL", set_url), Given.SETTINGS)
    provider, rest = provider_named(name)
    if provider is None:
        provider, rest = provider_of_bare(name) or BY_PREFIX["openai"], name
        rest = _deployment(rest, provider)
    base, variable = base_of(provider, rest)
    if base is None:
        raise ConfigError(
            f"{model!r} names no address; write {model}@http://HOST:PORT/v1"
            if not variable
            else f"{variable} is not set, which tells where {model!r} is asked; set it in the environment, or write "
            f"{rest}@https://..."
        )
    return Place(rest, parse_address(variable or f"the address of {provider.prefix}", base), provider, Given.PROVIDER)


def provider_named(name: str) -> tuple[ModelProvider | None, str]:
    """The provider that a name begins with and the rest of it; None and the name when that is none."""
    prefix, slash, rest = name.partition("/")
    provider = BY_PREFIX.get(prefix.lower()) if slash and rest else None
    if provider is None:
        return None, name
    if provider.whole and re.match(provider.whole, name.lower()):
        return provider, name
    return provider, f"{provider.inside}{rest}" if provider.inside and "/" not in rest else rest


def known_prefixes() -> list[str]:
    """What names may begin with."""
    return [f"{each.prefix}/" for each in PROVIDERS]


def _at(name: str, address: Address, given: Given) -> Place:
    """A name at an address that somebody gave."""
    provider, rest = provider_named(name)
    there = address.provider
    if provider is not None and (provider.server or provider is there):
        return Place(rest, address, there or provider, given)
    return Place(_deployment(name, there), address, there, given)


def _deployment(name: str, provider: ModelProvider | None) -> str:
    """What ShinkaEvolve calls `azure-NAME`, as Azure calls it."""
    azure = provider is not None and provider.prefix == "azure"
    return name[len(_AZURE_BARE) :] if azure and name.lower().startswith(_AZURE_BARE) else name
