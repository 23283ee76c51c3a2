"""List prices: of the `genai-prices` package as it is installed, and a few that it lacks.

Nothing is fetched. Each provider has prices of its own for the same model, so a model is looked for where it is asked. A
dated or tagged name that the package lacks falls back to the name without its end. What is cheaper at night counts as
dear as by day, since a budget has to hold at any hour.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.metadata import version
from typing import Any

from shinka_core.llm.rates import Price, Rates
from shinka_core.model_place import Place

# What the package does not find by the name alone, or has as it was before.
OWN: dict[str, Rates] = {
    "deepseek-chat": Rates(0.28, 0.42, 0.028),
    "deepseek-reasoner": Rates(0.28, 0.42, 0.028),
    "text-embedding-3-small": Rates(0.02, 0.0, 0.02),
    "text-embedding-3-large": Rates(0.13, 0.0, 0.13),
    "text-embedding-ada-002": Rates(0.10, 0.0, 0.10),
}

# Where a prompt of more tokens is dearer and the package does not say so: (tokens, rates).
LONG_PROMPTS: dict[str, tuple[int, Rates]] = {
    "claude-sonnet-4": (200_000, Rates(6.00, 22.50, 0.60, 7.50)),
    "claude-sonnet-4-0": (200_000, Rates(6.00, 22.50, 0.60, 7.50)),
}


# What a dated or tagged name ends in.
END = re.compile(r"-20\d|-latest|[@:]")
# Models that only their makers serve: `name:tag` is what people call one of the others on a machine of their own.
_CLOSED = frozenset({"anthropic", "google", "openai"})
# Providers by the names that the package has for them, where those are others than ours.
_NAMES = {"gemini": "google", "bedrock": "aws", "xai": "x-ai", "moonshot": "moonshotai"}
# Who makes the models that it serves: a name of theirs that the package lacks may be a dated one.
_MAKERS = frozenset({"openai", "anthropic", "gemini", "deepseek", "mistral", "xai", "moonshot"})
OURS = "list of our own"
AT_HOME = "a server of one's own"
# What OpenRouter calls variants of models that cost nothing there.
FREE = ":free"


def list_price(place: Place, context: Mapping[str, str] | None = None) -> Price | None:
    """What a model costs where it is asked; None when nobody says.

    Args:
        context: What of a request changes its price, such as `service_tier`.
    """
    provider = place.provider
    if provider is not None and provider.prefix == "openrouter" and place.name.endswith(FREE):
        return Price(Rates(0.0, 0.0), source="free at OpenRouter")
    if provider is not None and provider.server:
        # What a machine of one's own passes on to a provider is called so.
        passed_on = re.search(r"[:-]cloud$", place.name) is not None
        return Price(Rates(0.0, 0.0), source=AT_HOME) if is_near(place.address.host) and not passed_on else None
    if provider is None:
        return _listed(place.name, context, url=place.address.base) or _by_name(place.name, context)
    if provider.prefix in _MAKERS:
        own = OWN.get(END.split(place.name, maxsplit=1)[0]) or LONG_PROMPTS.get(END.split(place.name, maxsplit=1)[0])
        found = None if own else _listed(place.name, context, provider=_NAMES.get(provider.prefix, provider.prefix))
        return found or _by_name(place.name, context)
    return _listed(place.name, context, provider=_NAMES.get(provider.prefix, provider.prefix))


def is_near(host: str) -> bool:
    """Whether a host is this machine or one beside it."""
    try:
        return not ipaddress.ip_address(host).is_global  # addresses that networks of one's own share among them
    except ValueError:
        return "." not in host or host.endswith((".local", ".internal", ".lan", ".ts.net"))


def context_limit(place: Place) -> int | None:
    """Tokens that a model reads at once, if the list says."""
    provider = None if place.provider is None else _NAMES.get(place.provider.prefix, place.provider.prefix)
    listed = place.name.removesuffix(FREE)
    for name in (listed, listed.rpartition("/")[2]):
        found = _calculated(name, None, provider, None if provider else place.address.base, datetime.now(UTC))
        found = found or (_calculated(name, None, None, None, datetime.now(UTC)) if provider is None else None)
        if found is not None:
            return found.model.context_window
    return None


def _by_name(name: str, context: Mapping[str, str] | None) -> Price | None:
    """What a model costs where its maker serves it."""
    name = name.rpartition("/")[2]
    base = END.split(name, maxsplit=1)[0]
    if base in OWN:
        return Price(OWN[base], source=f"{OURS}: {base}")
    if name != name.lower():
        return None  # as files of weights are called, which anybody serves
    if ":" in name:
        found = _listed(base, context, closed=True)
    else:
        found = _listed(name, context) or (_listed(base, context) if base != name else None)
    longer = LONG_PROMPTS.get(base)
    return found if found is None or longer is None else Price(found.rates, (longer,), found.call, found.source)


def _listed(
    name: str,
    context: Mapping[str, str] | None,
    *,
    provider: str | None = None,
    url: str | None = None,
    closed: bool = False,
) -> Price | None:
    now = datetime.now(UTC)
    hours = (_calculated(name, context, provider, url, now + timedelta(hours=hour)) for hour in range(24))
    found = [each for each in hours if each is not None]
    if not found or (closed and found[0].provider.id not in _CLOSED):
        return None
    source = f"genai-prices {_version()}: {found[0].provider.id}/{found[0].model.id}"
    prices = [_price_of(each.model_price, source) for each in found]
    known = [price for price in prices if price is not None]
    return max(known, key=lambda price: price.rates.input + price.rates.output, default=None)


def _calculated(
    name: str, context: Mapping[str, str] | None, provider: str | None, url: str | None, when: datetime
) -> Any | None:
    from genai_prices import Usage, calc_price  # takes a fifth of a second, which runs without models need not wait

    place: dict[str, Any] = {"provider_id": provider} if provider else {"provider_api_url": url}
    try:
        return calc_price(
            Usage(input_tokens=0), name, genai_request_timestamp=when, price_context=context or None, **place
        )
    except LookupError:
        return None


def _price_of(listed: Any, source: str) -> Price | None:
    """The package's price as ours; None for what is not paid by tokens."""
    names = {
        "input": "input_mtok", "output": "output_mtok", "cached": "cache_read_mtok", "written": "cache_write_mtok",
        "thought": "output_reasoning_mtok",
    }  # fmt: skip
    found = {ours: value for ours, theirs in names.items() if (value := getattr(listed, theirs, None)) is not None}
    if "input" not in found:
        return None
    found.setdefault("output", 0.0)
    starts = sorted({tier.start for value in found.values() for tier in getattr(value, "tiers", ())})
    calls = getattr(listed, "requests_kcount", None)
    return Price(
        Rates(**{name: float(getattr(value, "base", value)) for name, value in found.items()}),
        tuple((start, Rates(**{name: _above(value, start) for name, value in found.items()})) for start in starts),
        0.0 if calls is None else float(getattr(calls, "base", calls)) / 1_000,
        source,
    )


def _above(value: Any, start: int) -> float:
    """The rate of prompts that are a token longer than that."""
    reached = [tier.price for tier in getattr(value, "tiers", ()) if tier.start <= start]
    return float(reached[-1] if reached else getattr(value, "base", value))


@cache
def _version() -> str:
    return version("genai-prices")
