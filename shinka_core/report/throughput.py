"""How busy the slots were, moment by moment, and why those that were idle were.

A proposal is busy from its sampling to the start of its evaluation, and in it a model is being asked for as long as its
calls took; an evaluation is busy from its start to its result. What is known of a moment is what the record says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shinka_core.database.chronicle import Timing
from shinka_core.program import GenerationState

BINS = 300

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Spans:
    """When something was under way, in seconds since 1970."""

    proposals: list[Span]
    evaluations: list[Span]
    # From a proposal that is ready to the start of its evaluation.
    waiting: list[Span]


def spans(timings: Iterable[Timing]) -> Spans:
    """Reads them off the steps; what has no end yet has none here."""
    proposals: list[Span] = []
    evaluations: list[Span] = []
    waiting: list[Span] = []
    sampled: dict[int, float] = {}
    ready: dict[int, float] = {}
    submitted: dict[tuple[int, int], float] = {}
    for timing in timings:
        at, number = timing.created_at.timestamp(), timing.generation
        match timing.step:
            case GenerationState.SAMPLED:
                sampled.setdefault(number, at - timing.seconds)
            case GenerationState.JUDGED | GenerationState.REVIEWED:
                ready[number] = at
            case GenerationState.SUBMITTED:
                submitted[number, timing.turn] = at
                if number in ready:
                    proposals.append((sampled.pop(number, ready[number]), ready[number]))
                    waiting.append((ready.pop(number), at))
            case GenerationState.EVALUATED:
                begun = submitted.pop((number, timing.turn), at - timing.seconds)
                evaluations.append((begun, at))
            case _:
                pass
    return Spans(proposals, evaluations, waiting)


def busy(found: Sequence[Span], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """How many of them were under way on average between each two edges, `(bins,)`."""
    total = np.zeros(len(edges) - 1)
    if not found:
        return total
    starts, ends = (np.sort(np.array(side)) for side in zip(*found, strict=True))
    # The area under "begun by then" less that under "ended by then".
    return np.diff(_area(edges, starts) - _area(edges, ends)) / np.diff(edges)


def _area(edges: NDArray[np.float64], moments: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum of the time since each moment, at each edge."""
    before = np.searchsorted(moments, edges)
    sums = np.concatenate([[0.0], np.cumsum(moments)])
    return before * edges - sums[before]


def timeline(
    found: Spans,
    calls: Sequence[Span],
    sessions: Sequence[tuple[float, float | None]],
    slots: tuple[int, int],
    now: float,
) -> dict[str, Any]:
    """What the page draws: means over equal parts of the run's time.

    Args:
        calls: From question to answer, of each call of a model.
        sessions: When each process that had the run open began and ended; None: not yet.
        slots: Proposals and evaluations at once, by the settings.

    Returns:
        `edges` in seconds since 1970, `(bins + 1,)`; `proposals`, `evaluations`, `asking`, `waiting`, `open` (the share
        of the time in which a process had the run open), `(bins,)` each; `slots`; `idle`: what the evaluation slots
        waited for, in slot seconds by reason.
    """
    lives = [(began, now if ended is None else ended) for began, ended in sessions]
    every = [*found.proposals, *found.evaluations, *lives]
    if not every:
        return {"edges": [], "slots": slots, "idle": {}}
    begin, end = min(start for start, _ in every), max(stop for _, stop in every)
    edges = np.linspace(begin, max(end, begin + 1e-3), BINS + 1)
    width = float(edges[1] - edges[0])
    evaluations, waiting = busy(found.evaluations, edges), busy(found.waiting, edges)
    alive = np.clip(busy(lives, edges), 0.0, 1.0) if lives else np.ones(BINS)
    free = np.maximum(slots[1] * alive - evaluations, 0.0)
    handing = np.minimum(free, waiting)
    return {
        "edges": [round(float(edge), 3) for edge in edges],
        "proposals": _round(busy(found.proposals, edges)),
        "evaluations": _round(evaluations),
        "asking": _round(busy(calls, edges)),
        "waiting": _round(waiting),
        "open": _round(alive),
        "slots": list(slots),
        "idle": {
            "busy": float((evaluations * width).sum()),
            "a candidate was about to start": float((handing * width).sum()),
            "no candidate was ready": float(((free - handing) * width).sum()),
            "no process had the run open": float((slots[1] * (1 - alive) * width).sum()),
        },
    }


def _round(values: NDArray[np.float64]) -> list[float]:
    return [round(float(value), 4) for value in values]
