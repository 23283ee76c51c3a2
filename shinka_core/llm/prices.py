"""What tokens cost.

List prices in US dollars per million tokens, as the providers published them; they change, so a
run's own `llm_prices` win. A dated or suffixed name falls back to the longest known prefix.
"""

from __future__ import annotations

from collections.abc import Mapping

from shinka_core.config import ModelPrice
from shinka_core.endpoints import split_model
from shinka_core.program import Usage

PER_MILLION: dict[str, tuple[float, float, float]] = {
    # model: (input, cached input, output)
    "gpt-4o": (2.50, 1.25, 10.00),
    "gpt-4o-mini": (0.15, 0.075, 0.60),
    "gpt-4.1": (2.00, 0.50, 8.00),
    "gpt-4.1-mini": (0.40, 0.10, 1.60),
    "gpt-4.1-nano": (0.10, 0.025, 0.40),
    "gpt-5": (1.25, 0.125, 10.00),
    "gpt-5-mini": (0.25, 0.025, 2.00),
    "gpt-5-nano": (0.05, 0.005, 0.40),
    "o3": (2.00, 0.50, 8.00),
    "o3-mini": (1.10, 0.55, 4.40),
    "o4-mini": (1.10, 0.275, 4.40),
    "claude-opus-4": (15.00, 1.50, 75.00),
    "claude-sonnet-4": (3.00, 0.30, 15.00),
    "claude-3-7-sonnet": (3.00, 0.30, 15.00),
    "claude-3-5-haiku": (0.80, 0.08, 4.00),
    "gemini-2.5-pro": (1.25, 0.31, 10.00),
    "gemini-2.5-flash": (0.30, 0.075, 2.50),
    "gemini-2.5-flash-lite": (0.10, 0.025, 0.40),
    "deepseek-chat": (0.28, 0.028, 0.42),
    "deepseek-reasoner": (0.28, 0.028, 0.42),
    "text-embedding-3-small": (0.02, 0.02, 0.0),
    "text-embedding-3-large": (0.13, 0.13, 0.0),
}


def cost(model: str, usage: Usage, overrides: Mapping[str, ModelPrice]) -> float | None:
    """US dollars of one call, or None when the model's price is not known.

    Args:
        model: Name as configured; an `@endpoint` suffix and a `provider/` prefix are ignored.
        usage: `cached_tokens` are part of `input_tokens` and priced at the cached rate.
        overrides: Prices that win over the built-in table, by name as configured.
    """
    name, _ = split_model(model)
    if name.startswith("builtin/"):
        return 0.0
    own = overrides.get(model) or overrides.get(name)
    if own is not None:
        cached = own.cached_input if own.cached_input is not None else own.input
        rates = (own.input, cached, own.output)
    else:
        known = _known(name.rpartition("/")[2])
        if known is None:
            return None
        rates = known
    fresh = max(usage.input_tokens - usage.cached_tokens, 0)
    return (fresh * rates[0] + usage.cached_tokens * rates[1] + usage.output_tokens * rates[2]) / 1_000_000


def _known(name: str) -> tuple[float, float, float] | None:
    prefixes = [
        known for known in PER_MILLION if name == known or name.startswith((known + "-20", known + "@", known + ":"))
    ]
    return PER_MILLION[max(prefixes, key=len)] if prefixes else None
