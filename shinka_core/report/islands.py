"""Islands as trajectories: what each made of which part of the run, and how far it came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shinka_core.database.island_summary import IslandSummary
from shinka_core.database.islands import IslandRecord
from shinka_core.database.records import ProgramRecord


@dataclass(frozen=True, slots=True)
class Trajectory:
    """One island; arrays `(n,)` over the programs that its own proposals made, in the order of the record.

    Attributes:
        origin: What it began with.
        created_after, retired_after: How many programs were recorded when it was made and retired; None: it lives.
        recorded: How many programs of all islands were recorded with each of its own.
        score: NaN where there is none.
        best: The best correct one of its own up to there; NaN before the first.
    """

    island: int
    origin: str
    created_after: int
    retired_after: int | None
    recorded: NDArray[np.int64]
    generation: NDArray[np.int64]
    score: NDArray[np.float64]
    best: NDArray[np.float64]


def trajectories(
    programs: Sequence[ProgramRecord], islands: Sequence[IslandRecord | IslandSummary]
) -> list[Trajectory]:
    """The islands by number, the retired ones too."""
    shown = [(place, one) for place, one in enumerate(programs, 1) if one.generation >= 0]
    return [_trajectory(island, [pair for pair in shown if pair[1].island == island.island]) for island in islands]


def shares(trajectories: Sequence[Trajectory], window: int = 50) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Who got how much of the run, and when.

    Args:
        window: Programs that are counted together.

    Returns:
        Programs recorded at the end of each window `(w,)`, and the share of each island in it `(islands, w)`.
    """
    last = max((int(one.recorded[-1]) for one in trajectories if len(one.recorded)), default=0)
    ends = np.unique(np.append(np.arange(window, last + 1, window), last)) if last else np.empty(0, dtype=np.int64)
    edges = np.concatenate([[0], ends])
    counts = np.array(
        [np.diff(np.searchsorted(one.recorded, edges, side="right")) for one in trajectories], dtype=float
    )
    if not counts.size:
        return ends, np.zeros((len(trajectories), len(ends)))
    return ends, counts / np.maximum(counts.sum(axis=0), 1.0)


def _trajectory(island: IslandRecord | IslandSummary, own: Sequence[tuple[int, ProgramRecord]]) -> Trajectory:
    score = np.array([np.nan if one.score is None else one.score for _, one in own], dtype=np.float64)
    correct = np.array([one.correct for _, one in own], dtype=np.bool_)
    valid = np.where(correct, score, np.nan)
    return Trajectory(
        island.island,
        island.origin,
        island.created_after,
        island.retired_after,
        recorded=np.array([place for place, _ in own], dtype=np.int64),
        generation=np.array([one.generation for _, one in own], dtype=np.int64),
        score=score,
        best=np.fmax.accumulate(valid) if len(own) else valid,
    )
