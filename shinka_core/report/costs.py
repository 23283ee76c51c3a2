"""What the calls of models cost, by model and by what they were for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shinka_core.database.records import CallRecord


@dataclass(frozen=True, slots=True)
class Cost:
    """The calls of one model for one purpose, added up.

    Attributes:
        failed: Calls without a usable answer.
        dollars: US dollars, of failed calls too, as far as they are known.
        estimated: What of them is estimated, because the provider counted no tokens.
        seconds: From request to answer.
        unpriced: Calls whose cost nobody knows; `dollars` lacks them.
    """

    model: str
    purpose: str
    calls: int = 0
    failed: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    dollars: float = 0.0
    estimated: float = 0.0
    seconds: float = 0.0
    unpriced: int = 0

    def __add__(self, call: CallRecord) -> Cost:
        return Cost(
            self.model,
            self.purpose,
            self.calls + 1,
            self.failed + (call.status == "failed"),
            self.input_tokens + call.usage.input_tokens,
            self.output_tokens + call.usage.output_tokens,
            self.cached_tokens + call.usage.cached_tokens,
            self.reasoning_tokens + call.usage.reasoning_tokens,
            self.dollars + (call.cost or 0.0),
            self.estimated + (call.cost or 0.0 if call.estimated else 0.0),
            self.seconds + call.seconds,
            self.unpriced + (call.cost is None),
        )


def costs(calls: Sequence[CallRecord]) -> list[Cost]:
    """By model and purpose, the dearest first."""
    found: dict[tuple[str, str], Cost] = {}
    for call in calls:
        key = call.model, call.purpose
        found[key] = found.get(key, Cost(*key)) + call
    return sorted(found.values(), key=lambda cost: (-cost.dollars, -cost.calls, cost.model, cost.purpose))
