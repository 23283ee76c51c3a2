"""What tokens cost.

List prices in US dollars per million tokens, as the providers published them; they change, so a
run's own `llm_prices` win. A dated or suffixed name falls back to the longest known prefix.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shinka_core.config import ModelPrice
from shinka_core.model_address import is_builtin, split_model
from shinka_core.program import Usage

PER_MILLION: dict[str, tuple[float, float, float]] = {
    # model: (input, cached input, output)
    "gpt-3.5-turbo": (0.50, 0.50, 1.50),
    "gpt-4-turbo": (10.00, 10.00, 30.00),
    "gpt-4o": (2.50, 1.25, 10.00),
    "gpt-4o-2024-05-13": (5.00, 5.00, 15.00),
    "gpt-4o-mini": (0.15, 0.075, 0.60),
    "gpt-4.1": (2.00, 0.50, 8.00),
    "gpt-4.1-mini": (0.40, 0.10, 1.60),
    "gpt-4.1-nano": (0.10, 0.025, 0.40),
    "gpt-5": (1.25, 0.125, 10.00),
    "gpt-5.1": (1.25, 0.125, 10.00),
    "gpt-5-mini": (0.25, 0.025, 2.00),
    "gpt-5-nano": (0.05, 0.005, 0.40),
    "o1": (15.00, 7.50, 60.00),
    "o3": (2.00, 0.50, 8.00),
    "o3-mini": (1.10, 0.55, 4.40),
    "o4-mini": (1.10, 0.275, 4.40),
    "claude-opus-4": (15.00, 1.50, 75.00),
    "claude-opus-4-0": (15.00, 1.50, 75.00),
    "claude-opus-4-1": (15.00, 1.50, 75.00),
    "claude-opus-4-5": (5.00, 0.50, 25.00),
    "claude-sonnet-4": (3.00, 0.30, 15.00),
    "claude-sonnet-4-0": (3.00, 0.30, 15.00),
    "claude-sonnet-4-5": (3.00, 0.30, 15.00),
    "claude-haiku-4-5": (1.00, 0.10, 5.00),
    "claude-3-7-sonnet": (3.00, 0.30, 15.00),
    "claude-3-5-sonnet": (3.00, 0.30, 15.00),
    "claude-3-5-haiku": (0.80, 0.08, 4.00),
    "gemini-2.5-pro": (1.25, 0.31, 10.00),
    "gemini-2.5-flash": (0.30, 0.075, 2.50),
    "gemini-2.5-flash-lite": (0.10, 0.025, 0.40),
    "gemini-2.0-flash": (0.10, 0.025, 0.40),
    "deepseek-chat": (0.28, 0.028, 0.42),
    "deepseek-reasoner": (0.28, 0.028, 0.42),
    "text-embedding-3-small": (0.02, 0.02, 0.0),
    "text-embedding-3-large": (0.13, 0.13, 0.0),
    "text-embedding-ada-002": (0.10, 0.10, 0.0),
}

# Where a prompt of more tokens is dearer: (tokens, (input, cached input, output)).
LONG_PROMPTS: dict[str, tuple[int, tuple[float, float, float]]] = {
    "gemini-2.5-pro": (200_000, (2.50, 0.625, 15.00)),
    "claude-sonnet-4": (200_000, (6.00, 0.60, 22.50)),
    "claude-sonnet-4-0": (200_000, (6.00, 0.60, 22.50)),
    "claude-sonnet-4-5": (200_000, (6.00, 0.60, 22.50)),
}

# The longest answer that is allowed where the settings name none and a budget has to hold, in tokens, and the models
# that refuse to be allowed so much.
LONG_ANSWER = 16_384
SHORTER_ANSWERS = {
    "gpt-3.5-turbo": 4_096,
    "gpt-4-turbo": 4_096,
    "gpt-4o-2024-05-13": 4_096,
    "claude-3-5-sonnet": 8_192,
    "claude-3-5-haiku": 8_192,
    "gemini-2.0-flash": 8_192,
    "deepseek-chat": 8_192,
}


def cost(model: str, usage: Usage, overrides: Mapping[str, ModelPrice]) -> float | None:
    """US dollars of one call, or None when the model's price is not known.

    Args:
        model: Name as configured; an `@endpoint` suffix and a `provider/` prefix are ignored.
        usage: `cached_tokens` are part of `input_tokens` and priced at the cached rate.
        overrides: Prices that win over the built-in table, by name as configured.
    """
    name, _ = split_model(model)
    if is_builtin(name):
        return 0.0
    own = overrides.get(model) or overrides.get(name)
    if own is not None:
        cached = own.cached_input if own.cached_input is not None else own.input
        rates = (own.input, cached, own.output)
    else:
        known = _known(_plain(model))
        if known is None:
            return None
        rates = PER_MILLION[known]
        tokens, dearer = LONG_PROMPTS.get(known, (0, rates))
        if usage.input_tokens > tokens:
            rates = dearer
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
    return SHORTER_ANSWERS.get(_known(_plain(model)) or "", LONG_ANSWER)


def _plain(model: str) -> str:
    return split_model(model)[0].rpartition("/")[2]


def _known(name: str) -> str | None:
    """The longest known name that this is, or is a dated or tagged one of."""
    found = [known for known in PER_MILLION if name == known or name.startswith(tuple(known + end for end in SUFFIXES))]
    return max(found, key=len) if found else None


SUFFIXES = ("-20", "-latest", "@", ":")
