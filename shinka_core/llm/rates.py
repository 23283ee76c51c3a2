"""What a model's tokens cost, as one value that can be kept with a run: rates, those of long prompts, and who says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from shinka_core.config import ModelPrice
from shinka_core.program import Usage

MILLION = 1_000_000
OF_THE_SETTINGS = "llm_prices"


@dataclass(frozen=True, slots=True)
class Rates:
    """US dollars per million tokens.

    Attributes:
        cached: Of those of a prompt that the provider had read before; None: as the others.
        written: Of those that it writes into its cache for the next time; None: as the others.
        thought: Of those of an answer that are reasoning; None: as the others.
    """

    input: float
    output: float
    cached: float | None = None
    written: float | None = None
    thought: float | None = None

    def dollars(self, usage: Usage) -> float:
        """US dollars of one call; what is cached, written and thought is part of the other counts."""
        fresh = max(usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens, 0)
        thoughts = min(usage.reasoning_tokens, usage.output_tokens)
        parts = (
            (fresh, self.input),
            (usage.cached_tokens, self.cached if self.cached is not None else self.input),
            (usage.cache_write_tokens, self.written if self.written is not None else self.input),
            (usage.output_tokens - thoughts, self.output),
            (thoughts, self.thought if self.thought is not None else self.output),
        )
        return sum(tokens * rate for tokens, rate in parts) / MILLION


@dataclass(frozen=True, slots=True)
class Price:
    """What the calls of a model cost.

    Attributes:
        longer: Of prompts of more tokens than that, which are dearer as a whole; the longest last.
        call: US dollars of each call, beside its tokens.
        source: Who says so: `llm_prices`, or the price list with its version, provider and model.
    """

    rates: Rates
    longer: tuple[tuple[int, Rates], ...] = ()
    call: float = 0.0
    source: str = ""

    def dollars(self, usage: Usage) -> float:
        """US dollars of one call."""
        prompt = max(usage.input_tokens, usage.cached_tokens + usage.cache_write_tokens)
        rates = next((dearer for tokens, dearer in reversed(self.longer) if prompt > tokens), self.rates)
        return rates.dollars(usage) + self.call

    def same_as(self, other: Price | None) -> bool:
        """Whether it comes to the same, whoever says it."""
        return other is not None and (self.rates, self.longer, self.call) == (other.rates, other.longer, other.call)

    def in_words(self) -> str:
        """Dollars per million tokens, in and out."""
        return f"${self.rates.input:g} in, ${self.rates.output:g} out"

    def as_kept(self) -> dict[str, Any]:
        """As JSON."""
        longer = {str(tokens): _rates_as_kept(rates) for tokens, rates in self.longer}
        return (
            _rates_as_kept(self.rates)
            | ({"longer": longer} if longer else {})
            | ({"call": self.call} if self.call else {})
            | {"source": self.source}
        )

    @classmethod
    def from_kept(cls, kept: Mapping[str, Any]) -> Self:
        """What `as_kept` made JSON of."""
        longer = sorted((int(tokens), _rates_from_kept(rates)) for tokens, rates in kept.get("longer", {}).items())
        return cls(_rates_from_kept(kept), tuple(longer), float(kept.get("call", 0.0)), str(kept.get("source", "")))

    @classmethod
    def of_settings(cls, price: ModelPrice) -> Self:
        """The user's own."""
        return cls(Rates(price.input, price.output, price.cached_input, price.cache_write), source=OF_THE_SETTINGS)


# By their names in settings.
_KEPT = {
    "input": "input",
    "output": "output",
    "cached": "cached_input",
    "written": "cache_write",
    "thought": "reasoning",
}


def _rates_as_kept(rates: Rates) -> dict[str, float]:
    return {kept: value for name, kept in _KEPT.items() if (value := getattr(rates, name)) is not None}


def _rates_from_kept(kept: Mapping[str, Any]) -> Rates:
    return Rates(**{name: float(kept[said]) for name, said in _KEPT.items() if said in kept})
