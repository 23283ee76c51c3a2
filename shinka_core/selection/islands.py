"""Which island the next proposal belongs to, and who moves between islands."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shinka_core.selection.parents import Floats


def draw_island(rng: np.random.Generator, sizes: Sequence[int], strategy: str) -> int:
    """Draws an island.

    Args:
        sizes: Programs per island, those under way included.
        strategy: `uniform`, or `equal`: one of the islands with the fewest programs.
    """
    if strategy == "equal":
        fewest = min(sizes)
        smallest = [island for island, size in enumerate(sizes) if size == fewest]
        return smallest[int(rng.integers(len(smallest)))]
    return int(rng.integers(len(sizes)))


def draw_migrants(rng: np.random.Generator, scores: Floats, rate: float, *, keep_best: bool) -> list[int]:
    """Positions of the programs that are copied to another island.

    Args:
        scores: `(n,)` of the island's correct programs.
        rate: Share of them that migrates, in [0, 1].
        keep_best: Never send the best one away.
    """
    count = round(rate * len(scores))
    candidates = np.argsort(-scores, kind="stable")
    if keep_best:
        candidates = candidates[1:]
    count = min(count, len(candidates))
    return [int(i) for i in rng.choice(candidates, size=count, replace=False)] if count else []
