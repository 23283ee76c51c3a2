"""Which other programs a model is shown beside the parent."""

from __future__ import annotations

import math

import numpy as np

from shinka_core.selection.parents import Floats


def draw_inspirations(
    rng: np.random.Generator,
    archive: list[int],
    members: list[int],
    scores: Floats,
    parent: int,
    *,
    from_archive: int,
    top: int,
    elite_ratio: float,
) -> list[int]:
    """Draws archive members (elites first) and adds the island's best.

    Args:
        archive: Programs of the archive to draw from, as positions in `scores`.
        members: Correct programs of the island, as positions in `scores`.
        scores: `(n,)` of the whole population.
        parent: Never among the result.
        from_archive: How many to draw from the archive; half of them (rounded up) from its elite.
        top: How many of the island's best to add.
        elite_ratio: Share of the archive that counts as elite, in [0, 1].

    Returns:
        Positions without repetition, in ascending order of score.
    """
    pool = sorted((i for i in archive if i != parent), key=lambda i: -scores[i])
    elites = pool[: math.ceil(elite_ratio * len(pool))]
    chosen = _draw(rng, elites, math.ceil(from_archive / 2))
    chosen += _draw(rng, [i for i in pool if i not in chosen], from_archive - len(chosen))
    best = sorted((i for i in members if i != parent and i not in chosen), key=lambda i: -scores[i])
    chosen += best[:top]
    return sorted(chosen, key=lambda i: scores[i])


def _draw(rng: np.random.Generator, pool: list[int], count: int) -> list[int]:
    count = min(count, len(pool))
    return [pool[int(i)] for i in rng.choice(len(pool), size=count, replace=False)] if count > 0 else []
