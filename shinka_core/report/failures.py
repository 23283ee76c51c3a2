"""Why generations ended without a program: by step, reason and whose fault it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shinka_core.database.records import GenerationRecord
from shinka_core.errors import Blame


@dataclass(frozen=True, slots=True)
class FailureCount:
    """Generations that failed alike.

    Attributes:
        blame: Whose fault it was; None: nobody's, or not known.
        generations: Their numbers, in order.
        last: What the last of them to end said.
    """

    step: str
    reason: str
    blame: Blame | None
    generations: tuple[int, ...]
    last: str

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.generations)


def failures(generations: Sequence[GenerationRecord]) -> list[FailureCount]:
    """Those that ended without a program, the most frequent reason first."""
    alike: dict[tuple[str, str, Blame | None], list[GenerationRecord]] = {}
    for one in generations:
        if one.failure is not None:
            alike.setdefault((one.failure.step, one.failure.reason, one.blame), []).append(one)
    counted = [
        FailureCount(*key, tuple(sorted(one.number for one in some)), _last(some)) for key, some in alike.items()
    ]
    return sorted(counted, key=lambda failure: (-failure.count, failure.step, failure.reason, failure.blame or ""))


def _last(some: Sequence[GenerationRecord]) -> str:
    failure = max(some, key=lambda one: (one.sequence or 0, one.number)).failure
    return failure.detail if failure is not None else ""
