"""What the calls of a run cost: by its own `llm_prices`, by the prices that are kept with it, and by the list.

The list changes with the installed package. So the prices that a run began with are kept with it and hold until it ends,
or until its `llm_prices` say otherwise. A price that nobody knows is unknown, which is not 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from shinka_core.config import EvolutionConfig, ModelPrice
from shinka_core.config.options import without_address
from shinka_core.errors import ConfigError
from shinka_core.llm.list_prices import END, list_price
from shinka_core.llm.rates import OF_THE_SETTINGS, Price, Rates
from shinka_core.model_address import SENTENCE_TRANSFORMERS, is_builtin, shown_model, split_model, without_secrets
from shinka_core.model_place import Place, place_of
from shinka_core.program import Usage

# In the settings that are kept with a run.
KEPT = "prices"
# Options that change the price of a call.
_OF_PRICE = ("service_tier", "speed")

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


@dataclass(frozen=True, slots=True)
class PriceList:
    """What the calls of a run cost.

    Attributes:
        own: Prices that win over all others, by name as configured.
        contexts: What calls are sent with that changes their price (`service_tier`), by name as configured.
        base_url: Where models are asked whose names hold no address.
        before: As they were kept with the run, by name as configured: each with its source, where it is asked, and since when.
    """

    own: Mapping[str, ModelPrice] = field(default_factory=dict[str, ModelPrice])
    contexts: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    base_url: str | None = None
    before: Mapping[str, Mapping[str, Any] | None] = field(default_factory=dict[str, Mapping[str, Any] | None])
    _found: dict[str, Price | None] = field(default_factory=dict[str, "Price | None"], init=False, repr=False)

    @classmethod
    def of(cls, config: EvolutionConfig, models: Sequence[str], kept: Mapping[str, Any] | None = None) -> PriceList:
        """The prices of a run's models.

        Args:
            kept: The settings that are kept with it, where it is continued.
        """
        contexts = {model: _context(config.options_for(model)) for model in models}
        return cls(config.llm_prices, contexts, config.llm_base_url, (kept or {}).get(KEPT) or {})

    def cost(self, model: str, usage: Usage) -> float | None:
        """US dollars of one call, or None when the model's price is not known.

        Args:
            model: Name as configured.
            usage: Tokens that were cached, written or thought are part of the others and have rates of their own.
        """
        price = self.price(model)
        return None if price is None else price.dollars(usage)

    def price(self, model: str) -> Price | None:
        """What a model's calls cost; None: nobody says."""
        if model not in self._found:
            self._found[model] = self._price(model)
        return self._found[model]

    def as_kept(self, models: Sequence[str]) -> dict[str, Any]:
        """The prices of the models that cost anything, as JSON: a dated copy; None for one that is not known."""
        return {model: self._as_kept(model) for model in models if not _is_free(model)}

    def changed(self) -> Iterator[str]:
        """What the list says otherwise by now than what is kept with the run, in sentences."""
        for model, entry in self.before.items():
            held, listed = self._held(model), self._listed(model)
            if entry is None or held is None or self._own(model) or listed is None or listed.same_as(held):
                continue
            yield (
                f"{shown_model(model)} is counted as when it was first asked in this run ({held.in_words()} per million "
                f"tokens; {held.source}, {entry.get('taken')}); by now it is {listed.in_words()} ({listed.source}), "
                "which llm_prices can say"
            )

    def _price(self, model: str) -> Price | None:
        if _is_free(model):
            return Price(Rates(0.0, 0.0), source="built in")
        own = self._own(model)
        if own is not None:
            return Price.of_settings(own)
        return self._held(model) or self._listed(model)

    def _own(self, model: str) -> ModelPrice | None:
        return self.own.get(model) or self.own.get(without_address(model))

    def _held(self, model: str) -> Price | None:
        """What is kept, where it is asked at the same place in the same way."""
        entry = self.before.get(model)
        if not entry or entry.get("source") == OF_THE_SETTINGS:
            return None
        same = entry.get("at") == self._where(model) and (entry.get("for") or {}) == self.contexts.get(model, {})
        return Price.from_kept(entry) if same else None

    def _listed(self, model: str) -> Price | None:
        place = self._place(model)
        return None if place is None else list_price(place, self.contexts.get(model))

    def _as_kept(self, model: str) -> dict[str, Any] | None:
        price, before = self.price(model), self.before.get(model)
        if price is None:
            return None
        if before and self._own(model) is None and self._held(model) is not None:
            return dict(before)
        context = dict(self.contexts.get(model, {}))
        said = {"at": self._where(model), "taken": datetime.now(UTC).date().isoformat()}
        return price.as_kept() | said | ({"for": context} if context else {})

    def _where(self, model: str) -> str:
        place = self._place(model)
        return "" if place is None else without_secrets(place.address.base)

    def _place(self, model: str) -> Place | None:
        try:
            return place_of(model, self.base_url)
        except ConfigError:
            return None  # which is told where models are checked


def _is_free(model: str) -> bool:
    return is_builtin(split_model(model)[0]) or model.startswith(SENTENCE_TRANSFORMERS)


def _context(options: Mapping[str, Any]) -> dict[str, str]:
    return {name: options[name] for name in _OF_PRICE if isinstance(options.get(name), str)}


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
    known = (each for each in SHORTER_ANSWERS if name == each or (name.startswith(each) and END.match(name, len(each))))
    return SHORTER_ANSWERS.get(max(known, key=len, default=""), LONG_ANSWER)
