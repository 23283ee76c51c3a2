"""Options that are drawn anew for every question: where a model takes one value, a list is a choice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

import numpy as np

from shinka_core.llm.question import CallKey, Question
from shinka_core.program import Purpose

# Options of one value each. A list under any other name is sent as it is (`stop`, `tools`, ...).
CHOSEN = frozenset(
    {
        "effort", "frequency_penalty", "max_completion_tokens", "max_output_tokens", "max_tokens", "min_p",
        "presence_penalty", "reasoning_effort", "repetition_penalty", "temperature", "top_k", "top_p", "verbosity",
    }
)  # fmt: skip


class Options:
    """What is sent with the questions of a run, by model and by what they are for."""

    def __init__(
        self, usual: Mapping[str, Mapping[str, Any]], others: Mapping[Purpose, Mapping[str, Mapping[str, Any]]]
    ) -> None:
        """Takes what settings say.

        Args:
            usual: By model; providers know these.
            others: Of questions that have options of their own.
        """
        self._usual = {model: dict(options) for model, options in usual.items()}
        self._others = others

    def drawn(self, model: str, key: CallKey, seed: int) -> dict[str, Any]:
        """What a question has over the usual options of its model: what is drawn for it, and what is its purpose's own.

        None is what is left out of it.
        """
        usual = self._usual.get(model, {})
        options = self._others.get(key.purpose, {}).get(model, usual)
        own = {name: value for name, value in options.items() if name not in usual or usual[name] != value}
        gone = dict.fromkeys(name for name in usual if name not in options)
        return gone | own | drawn(options, key, seed)

    def complete(self, question: Question) -> dict[str, Any]:
        """All that is sent with a question whose options are drawn."""
        both = self._usual.get(question.model, {}) | dict(question.options)
        return {name: value for name, value in both.items() if value is not None}


def drawn(options: Mapping[str, Any], key: CallKey, seed: int) -> dict[str, Any]:
    """Those of the options that hold a choice, each with one value; the same for the same question.

    Args:
        options: What is sent with every call to the model, also inside `reasoning` or `extra_body`.
        seed: Of the sampling.
    """
    found = {name: options[name] for name in sorted(options) if any(choices(options[name], name))}
    if not found:
        return {}
    rng = np.random.default_rng([seed, key.attempt, key.turn])
    return {name: _one(value, name, rng) for name, value in found.items()}


def choices(value: Any, name: str) -> Iterator[tuple[str, list[Any]]]:
    """The lists to choose from, with the names of their options."""
    if isinstance(value, dict):
        for inner in cast("dict[str, Any]", value):
            yield from choices(value[inner], inner)
    elif isinstance(value, list) and name in CHOSEN:
        yield name, cast("list[Any]", value)


def _one(value: Any, name: str, rng: np.random.Generator) -> Any:
    if isinstance(value, dict):
        inside = cast("dict[str, Any]", value)
        return {inner: _one(inside[inner], inner, rng) for inner in sorted(inside)}
    if isinstance(value, list) and name in CHOSEN:
        several = cast("list[Any]", value)
        return several[int(rng.integers(len(several)))]
    return cast(Any, value)


def for_interface(interface: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options as an interface of OpenAI's calls them, without those that are left out.

    Args:
        interface: `chat` or `responses`, which bounds answers and effort under other names.
    """
    said = {name: value for name, value in options.items() if value is not None}
    if interface != "responses":
        return said
    for limit in ("max_tokens", "max_completion_tokens"):
        if limit in said:
            said["max_output_tokens"] = said.pop(limit)
    for name, section, inner in (("reasoning_effort", "reasoning", "effort"), ("verbosity", "text", "verbosity")):
        if name in said:
            said[section] = {inner: said.pop(name)} | dict(said.get(section) or {})
    return said


def names_for(interface: str, names: Iterable[str]) -> frozenset[str]:
    """What `for_interface` calls options of those names."""
    if interface != "responses":
        return frozenset(names)
    limits = dict.fromkeys(("max_tokens", "max_completion_tokens"), "max_output_tokens")
    others = {"reasoning_effort": "reasoning", "verbosity": "text"}
    return frozenset((limits | others).get(name, name) for name in names)
