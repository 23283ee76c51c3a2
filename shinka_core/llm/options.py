"""Options that are drawn anew for every question: where a model takes one value, a list is a choice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

import numpy as np

from shinka_core.llm.question import CallKey

# Options of one value each. A list under any other name is sent as it is (`stop`, `tools`, ...); what bounds the
# length of answers is no choice either, since budgets and prompts rest on it.
CHOSEN = frozenset(
    {
        "effort", "frequency_penalty", "min_p", "presence_penalty", "reasoning_effort", "repetition_penalty",
        "temperature", "top_k", "top_p", "verbosity",
    }
)  # fmt: skip


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
