"""Populations made by chance for tests of strategies, and what an archive makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from shinka_core.population.archives import Archive
from shinka_core.population.view import IslandStats, PopulationView
from tests.support.generated import fewer

# Every case is a whole population.
of_populations = fewer(40, in_ci=50)

WIDTH = 6
FEATURES = ("length", "complexity", "speed")
INSTANCES = ("a", "b", "c")


def population(seed: int, programs: int, islands: int = 3, *, distinct: bool = False) -> PopulationView:
    """The seed program on all islands, children of earlier ones, migrants, and gaps in everything.

    Args:
        distinct: Every program is correct, has all values, and no two of any value are equal.
    """
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=programs) if distinct else rng.integers(-4, 5, programs).astype(float)
    scores[:] = np.where(rng.random(programs) < (0 if distinct else 0.1), np.nan, scores)
    correct = ~np.isnan(scores) & (rng.random(programs) < (1 if distinct else 0.85))
    births = rng.integers(0, islands, programs)
    births[:1] = 0
    members: list[list[int]] = [[] for _ in range(islands)]
    for position in range(programs):
        for island in range(islands) if position == 0 else (births[position],):
            members[island].append(position)
        moved, target = int(rng.integers(position + 1)), int(rng.integers(islands))
        if rng.random() < 0.15 and moved not in members[target]:
            members[target].append(moved)
    vectors = rng.normal(size=(programs, WIDTH)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)

    def numbers(missing: float = 0.1) -> np.ndarray:
        values = rng.normal(size=programs) if distinct else rng.integers(0, 5, programs).astype(float)
        return np.where(rng.random(programs) < (0 if distinct else missing), np.nan, values)

    if not distinct:
        vectors[rng.random(programs) < 0.1] = 0
        same = rng.integers(0, programs, programs)
        vectors = np.where((rng.random(programs) < 0.1)[:, None], vectors[same], vectors)
    return PopulationView(
        ids=[str(position) for position in range(programs)],
        scores=scores,
        correct=correct,
        children=rng.integers(0, 5, programs),
        parents=np.array([int(rng.integers(p)) if p else -1 for p in range(programs)], dtype=np.int64),
        generations=np.arange(programs),
        births=births,
        islands=tuple(np.array(each, dtype=np.int64) for each in members),
        elites=np.empty(0, dtype=np.int64),
        embeddings=vectors,
        instances=INSTANCES,
        instance_scores=np.column_stack([numbers() for _ in INSTANCES]),
        features={name: numbers() for name in FEATURES},
    )


def populations(
    least: int = 1, most: int = 40, islands: int = 5, *, distinct: bool = False
) -> st.SearchStrategy[PopulationView]:
    """Populations for hypothesis, which shrinks how many programs and islands there are."""

    def made(seed: int, programs: int, count: int) -> PopulationView:
        return population(seed, programs, count, distinct=distinct)

    return st.builds(made, st.integers(0, 2**32), st.integers(least, most), st.integers(1, islands))


def stats(
    view: PopulationView,
    living: Sequence[int] | None = None,
    progress: float = 0.0,
    under_way: Sequence[int] | None = None,
    failures: Sequence[Sequence[int]] = (),
) -> IslandStats:
    """Of all islands, or of those that live."""
    numbers = list(range(len(view.islands))) if living is None else sorted(living)
    going = [0] * len(numbers) if under_way is None else list(under_way)
    failed = tuple(np.array(each, dtype=np.int64) for each in failures)
    sizes = [len(view.islands[number]) + more for number, more in zip(numbers, going, strict=True)]
    return IslandStats(np.array(numbers), np.array(sizes), np.array(going), progress, failed)


def with_elites(view: PopulationView, elites: Sequence[int]) -> PopulationView:
    """The population with an archive of these."""
    return replace(view, elites=np.array(sorted(elites), dtype=np.int64))


def course(archive: Archive, view: PopulationView) -> list[list[int]]:
    """The members after each program, offered one after the other, each archive seeing what there was by then."""
    elites: list[int] = []
    after: list[list[int]] = []
    for newcomer in range(len(view)):
        if view.correct[newcomer]:
            seen = with_elites(view, elites).after(newcomer + 1)
            change = archive.offer(seen, newcomer, np.random.default_rng([0, newcomer]))
            assert set(change.removed) <= set(elites), "only members leave"
            assert change.added or not change.removed, "members leave for a newcomer"
            if change.added:
                elites = [*(member for member in elites if member not in change.removed), newcomer]
        after.append(elites)
    return after


def offered(archive: Archive, view: PopulationView) -> list[int]:
    """The members after all programs."""
    return course(archive, view)[-1] if len(view) else []


def unlikely(counts: Sequence[int], shares: Sequence[float]) -> bool:
    """Whether draws with these shares would come out as far from them less than once in a million times.

    Pearson's chi-square against its quantile by Wilson and Hilferty (1931).
    """
    observed, expected = np.array(counts), np.array(shares) * sum(counts)
    if observed[expected == 0].any():
        return True
    freedom = max(int((expected > 0).sum()) - 1, 1)
    distance = float((((observed - expected) ** 2)[expected > 0] / expected[expected > 0]).sum())
    return distance > freedom * (1 - 2 / (9 * freedom) + 4.75 * np.sqrt(2 / (9 * freedom))) ** 3
