"""What tokens cost.

The list prices are those of the `genai-prices` package as it is installed: nothing is fetched. They change, so a
run's own `llm_prices` win. A dated or tagged name that the package lacks falls back to the name without its end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from shinka_core.config import EvolutionConfig, ModelPrice
from shinka_core.model_address import is_builtin, split_model
from shinka_core.program import Usage

# US dollars per million tokens: input, cached input, output.
Rates = tuple[float, float, float]

# What the package does not find by the name alone, or has as it was before.
OWN: dict[str, Rates] = {
    "deepseek-chat": (0.28, 0.028, 0.42),
    "deepseek-reasoner": (0.28, 0.028, 0.42),
    "text-embedding-3-small": (0.02, 0.02, 0.0),
    "text-embedding-3-large": (0.13, 0.13, 0.0),
    "text-embedding-ada-002": (0.10, 0.10, 0.0),
}

# Where a prompt of more tokens is dearer and the package does not say so: (tokens, rates).
LONG_PROMPTS: dict[str, tuple[int, Rates]] = {
    "claude-sonnet-4": (200_000, (6.00, 0.60, 22.50)),
    "claude-sonnet-4-0": (200_000, (6.00, 0.60, 22.50)),
}

# The longest answer that is allowed where the settings name none and a budget has to hold, in tokens, and the models
# that refuse to be allowed so much.
LONG_ANSWER = 16_384
SHORTER_ANSWERS = {
    "gpt-3.5-turbo": 4_096,
    "gpt-4-turbo": 4_096,
    "gpt-4o-2024-05-13": 4_096,
    "claude-3-opus": 4_096,
    "claude-3-haiku": 4_096,
    "claude-3-5-sonnet": 8_192,
    "claude-3-5-haiku": 8_192,
    "gemini-2.0-flash": 8_192,
    "deepseek-chat": 8_192,
}


# What a dated or tagged name ends in.
_END = re.compile(r"-20\d|-latest|[@:]")
# Models that only their makers serve: `name:tag` is what people call one of the others on a machine of their own.
_CLOSED = frozenset({"anthropic", "google", "openai"})


@dataclass(frozen=True, slots=True)
class PriceList:
    """What the calls of a run cost.

    Attributes:
        own: Prices that win over the list prices, by name as configured.
        tiers: The service tier that calls are sent with (`flex`, `priority`), by name as configured.
        base_url: Where models are asked whose names hold no address.
    """

    own: Mapping[str, ModelPrice] = field(default_factory=dict[str, ModelPrice])
    tiers: Mapping[str, str] = field(default_factory=dict[str, str])
    base_url: str | None = None

    @classmethod
    def of(cls, config: EvolutionConfig, models: Sequence[str]) -> PriceList:
        """The prices of a run's models."""
        tiers = {model: config.options_for(model).get("service_tier") for model in models}
        known = {model: tier for model, tier in tiers.items() if isinstance(tier, str)}
        return cls(config.llm_prices, known, config.llm_base_url)

    def cost(self, model: str, usage: Usage) -> float | None:
        """US dollars of one call, or None when the model's price is not known.

        Args:
            model: Name as configured. A `provider/` prefix is ignored, and so is an `@endpoint` suffix and the
                `base_url`, unless they are a provider's whose prices are known.
            usage: `cached_tokens` are part of `input_tokens` and priced at the cached rate.
        """
        name, address = split_model(model)
        if is_builtin(name):
            return 0.0
        address = address or self.base_url
        own = self.own.get(model) or self.own.get(name)
        if own is not None:
            cached = own.cached_input if own.cached_input is not None else own.input
            return _at((own.input, cached, own.output), usage)
        tier = self.tiers.get(model)
        if address is not None and (dollars := _list_price(name, usage, tier, address)) is not None:
            return dollars
        return _price_by_name(name.rpartition("/")[2], usage, tier)


def _price_by_name(name: str, usage: Usage, tier: str | None) -> float | None:
    """What a model costs where its maker serves it."""
    base = _END.split(name, maxsplit=1)[0]
    tokens, dearer = LONG_PROMPTS.get(base, (0, None))
    if dearer is not None and usage.input_tokens > tokens:
        return _at(dearer, usage)
    if base in OWN:
        return _at(OWN[base], usage)
    if name != name.lower():
        return None  # as files of weights are called, which anybody serves
    if ":" in name:
        return _list_price(base, usage, tier, closed=True)
    found = _list_price(name, usage, tier)
    return _list_price(base, usage, tier) if found is None and base != name else found


def _list_price(
    name: str, usage: Usage, tier: str | None, address: str | None = None, *, closed: bool = False
) -> float | None:
    from genai_prices import Usage as Tokens  # takes a fifth of a second, which runs without models need not wait
    from genai_prices import calc_price

    tokens = Tokens(
        input_tokens=max(usage.input_tokens, usage.cached_tokens + usage.cache_write_tokens),
        cache_read_tokens=usage.cached_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        output_tokens=usage.output_tokens,
    )
    try:
        found = calc_price(
            tokens, name, provider_api_url=address, price_context=None if tier is None else {"service_tier": tier}
        )
    except LookupError:
        return None
    if getattr(found.model_price, "input_mtok", None) is None or (closed and found.provider.id not in _CLOSED):
        return None
    return float(found.total_price)


def _at(rates: Rates, usage: Usage) -> float:
    fresh = max(usage.input_tokens - usage.cached_tokens, 0)
    return (fresh * rates[0] + usage.cached_tokens * rates[1] + usage.output_tokens * rates[2]) / 1_000_000


@dataclass(frozen=True, slots=True)
class AnswerBound:
    """How long the answers of a model may be.

    Attributes:
        sent: Tokens that the settings allow and the provider is told with every call, or None.
        most: Tokens that it is allowed where the settings say nothing and a budget has to hold.
        answers: How many the settings ask for with each question.
    """

    sent: int | None = None
    most: int = LONG_ANSWER
    answers: int = 1


def longest_answer(model: str) -> int:
    """Tokens that an answer of the model is allowed where nothing else bounds it."""
    name = split_model(model)[0].rpartition("/")[2]
    known = (
        each for each in SHORTER_ANSWERS if name == each or (name.startswith(each) and _END.match(name, len(each)))
    )
    return SHORTER_ANSWERS.get(max(known, key=len, default=""), LONG_ANSWER)
