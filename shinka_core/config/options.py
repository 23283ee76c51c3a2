"""What is sent with calls beside the prompt: for all models, for one of them, and for what a question is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from pydantic import Field, model_validator

from shinka_core.config.base import Section
from shinka_core.program import Purpose
from shinka_core.secrets import NAMES_OF_NO_SECRETS

WEIGHTS = "model_sample_probs"
# Of questions that have options of their own, over those of all: by what the question is for.
OF_PURPOSES: Mapping[Purpose, str] = {
    Purpose.NOVELTY: "novelty_llm_kwargs",
    Purpose.IDEA: "meta_llm_kwargs",
    Purpose.ADVICE: "meta_llm_kwargs",
    Purpose.DIRECTIONS: "meta_llm_kwargs",
    Purpose.SYSTEM_PROMPT: "prompt_llm_kwargs",
}
# ShinkaEvolve's names for options of which one is drawn, and its words for how much is thought.
PLURALS: Mapping[str, str] = {"temperatures": "temperature", "reasoning_efforts": "reasoning_effort"}
EFFORTS: Mapping[str, str | None] = {"": None, "auto": None, "disabled": None, "min": "low", "max": "high"}

_SECTIONS: dict[str, Any] = {**NAMES_OF_NO_SECRETS, "additionalProperties": NAMES_OF_NO_SECRETS}
_ADDRESS = re.compile(r"@https?://", re.IGNORECASE)


class ModelOptions(Section):
    """Options of calls, from what all have in common to what one model is sent for one purpose."""

    llm_kwargs: dict[str, Any] = Field(
        default={},
        description="Sent with every call: temperature, max_tokens, ..., and under a model's name what is sent to that one "
        "instead (null leaves an option out). Of several temperatures, reasoning efforts or max_tokens one is drawn for each "
        "question. Keys are read from the environment.",
        json_schema_extra=_SECTIONS,
    )
    llm_model_kwargs: dict[str, dict[str, Any]] = Field(
        default={},
        description="By model, over llm_kwargs, which takes the same under a model's name; null leaves an option out.",
        json_schema_extra={"additionalProperties": {"type": "object"} | NAMES_OF_NO_SECRETS},
    )
    novelty_llm_kwargs: dict[str, Any] = Field(
        default={},
        description="The same of questions to novelty_llm_models, over llm_kwargs.",
        json_schema_extra=_SECTIONS,
    )
    meta_llm_kwargs: dict[str, Any] = Field(
        default={},
        description="The same of questions for ideas, advice and directions, over llm_kwargs.",
        json_schema_extra=_SECTIONS,
    )
    prompt_llm_kwargs: dict[str, Any] = Field(
        default={},
        description="The same of questions for system prompts, over llm_kwargs.",
        json_schema_extra=_SECTIONS,
    )

    @model_validator(mode="before")
    @classmethod
    def _take_weights(cls, values: Any) -> Any:
        """ShinkaEvolve has the weights of the models among the options."""
        given: dict[str, Any] = cast("dict[str, Any]", values) if isinstance(values, dict) else {}
        among: Any = given.get("llm_kwargs")
        options: dict[str, Any] = cast("dict[str, Any]", among) if isinstance(among, dict) else {}
        if WEIGHTS not in options:
            return values  # pyright: ignore[reportUnknownVariableType]
        rest = {name: value for name, value in options.items() if name != WEIGHTS}
        weights: Any = options[WEIGHTS]
        if given.get("llm_weights") not in (None, weights) and weights is not None:
            raise ValueError(
                f"llm_kwargs.{WEIGHTS} and llm_weights both say how often each model is asked; say llm_weights alone"
            )
        said: dict[str, Any] = {} if weights is None else {"llm_weights": weights}
        return given | {"llm_kwargs": rest} | said

    @property
    def option_fields(self) -> dict[str, dict[str, Any]]:
        """All that is said of options, by the field's name."""
        own = {f"llm_model_kwargs[{model!r}]": options for model, options in self.llm_model_kwargs.items()}
        fields = ("llm_kwargs", *dict.fromkeys(OF_PURPOSES.values()))
        return {field: cast("dict[str, Any]", getattr(self, field)) for field in fields} | own

    def layers_for(self, model: str, purpose: Purpose | None = None) -> Iterator[tuple[dict[str, Any], bool]]:
        """What counts for a model, the last layer most, each with whether it is said of this very model."""
        field = OF_PURPOSES.get(purpose) if purpose is not None else None
        of_purpose: dict[str, Any] = {} if field is None else getattr(self, field)
        yield _common(self.llm_kwargs, self._models()), False
        yield _section(self.llm_kwargs, model), True
        yield _section(self.llm_model_kwargs, model), True
        yield _common(of_purpose, self._models()), False
        yield _section(of_purpose, model), True

    def options_for(self, model: str, purpose: Purpose | None = None) -> dict[str, Any]:
        """What is sent with a call to a model; lists of single values are choices.

        Args:
            purpose: Of the question; None: of a proposal.
        """
        found: dict[str, Any] = {}
        for layer, _ in self.layers_for(model, purpose):
            found |= singular(layer)
        return {name: value for name, value in found.items() if value is not None}

    def own_options(self, model: str) -> frozenset[str]:
        """The options that are said of this very model, whatever for."""
        purposes = (None, *OF_PURPOSES)
        layers = [layer for purpose in purposes for layer, own in self.layers_for(model, purpose) if own]
        return frozenset(name for layer in layers for name in singular(layer))

    def _models(self) -> Iterable[str]:
        """Those whose names may stand among the options."""
        return ()


def names_model(name: str, models: Iterable[str]) -> bool:
    """Whether that is one of the models, by its name as configured or without its address."""
    return any(name in (model, without_address(model)) for model in models)


def without_address(model: str) -> str:
    """`name` of `name@https://host/v1`."""
    return _ADDRESS.split(model, maxsplit=1)[0]


def singular(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options under the names that they are sent by."""
    found = {PLURALS.get(name, name): value for name, value in options.items()}
    if "reasoning_efforts" in options:
        efforts: Any = found["reasoning_effort"]
        several = cast("list[Any]", efforts) if isinstance(efforts, list) else []
        found["reasoning_effort"] = (
            [_effort(each) for each in several] if isinstance(efforts, list) else _effort(efforts)
        )
    return found


def _effort(word: Any) -> Any:
    return EFFORTS.get(word, word) if isinstance(word, str) else word


def _common(options: Mapping[str, Any], models: Iterable[str]) -> dict[str, Any]:
    return {
        name: value for name, value in options.items() if not (isinstance(value, dict) and names_model(name, models))
    }


def _section(options: Mapping[str, Any], model: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in (without_address(model), model):
        section = options.get(name)
        if isinstance(section, dict):
            found |= cast("dict[str, Any]", section)
    return found
