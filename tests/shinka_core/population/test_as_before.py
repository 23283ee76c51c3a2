"""The first strategies draw and keep what they always did, so that old runs go on as they would have."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shinka_core.population.archives import Fitness
from shinka_core.population.islands import Equal, Uniform
from shinka_core.population.migration import Random
from shinka_core.population.view import IslandStats, PopulationView
from shinka_core.selection.archive import fitness_change, fittest
from shinka_core.selection.islands import draw_island, draw_migrants

SCORES = st.lists(st.none() | st.integers(-3, 3).map(float), min_size=1, max_size=30)
SEEDS = st.integers(0, 2**32)


def view_of(scores: list[float | None], islands: list[list[int]], elites: list[int]) -> PopulationView:
    n = len(scores)
    return PopulationView(
        ids=[str(position) for position in range(n)],
        scores=np.array([np.nan if score is None else score for score in scores]),
        correct=np.array([score is not None for score in scores]),
        children=np.zeros(n, dtype=np.int64),
        parents=np.full(n, -1),
        generations=np.arange(n),
        births=np.zeros(n, dtype=np.int64),
        islands=tuple(np.array(members, dtype=np.int64) for members in islands),
        elites=np.array(elites, dtype=np.int64),
        embeddings=np.empty((n, 0), dtype=np.float32),
    )


@given(SCORES, st.integers(1, 8))
def test_fitness_keeps_the_same_members(scores: list[float | None], size: int) -> None:
    rng = np.random.default_rng(0)
    before: dict[int, float] = {}
    now: list[int] = []
    for position, score in enumerate(scores):
        if score is None:
            continue
        old = fitness_change(before, position, score, size)
        new = Fitness(size).offer(view_of(scores[: position + 1], [], now), position, rng)
        assert (new.added, new.removed) == (old.added is not None, () if old.removed is None else (old.removed,))
        if old.removed is not None:
            del before[old.removed]
        if old.added is not None:
            before[old.added] = score
        now = sorted(before)
    quick = fittest(((p, s) for p, s in enumerate(scores) if s is not None), size)
    assert Fitness(size).rebuild(view_of(scores, [], []), rng) == tuple(quick) == tuple(now)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=9), SEEDS)
def test_uniform_and_equal_draw_the_same_islands(sizes: list[int], seed: int) -> None:
    islands = IslandStats(np.arange(len(sizes)), np.array(sizes), np.zeros(len(sizes), dtype=np.int64))
    view = view_of([1.0], [[0]] * len(sizes), [])
    for selector, strategy in ((Uniform(), "uniform"), (Equal(), "equal")):
        old, new = np.random.default_rng(seed), np.random.default_rng(seed)
        assert [selector.select(view, islands, new) for _ in range(5)] == [
            draw_island(old, sizes, strategy) for _ in range(5)
        ]


@given(SCORES, st.integers(2, 5), st.floats(0, 1), st.booleans(), SEEDS, st.data())
def test_random_migration_plans_the_same_moves(
    scores: list[float | None], count: int, share: float, keep_best: bool, seed: int, data: st.DataObject
) -> None:
    living = st.lists(st.sampled_from(range(len(scores))), unique=True)
    members = [data.draw(living) for _ in range(count)]
    view = view_of(scores, members, [])
    rng = np.random.default_rng(seed)
    before: list[tuple[int, int]] = []
    for island in range(count):
        correct = view.fit_on(island)
        for index in draw_migrants(rng, view.scores[correct], share, keep_best=keep_best):
            move = (int(correct[index]), (island + 1 + int(rng.integers(count - 1))) % count)
            if move[0] not in members[move[1]] and move not in before:
                before.append(move)
    stats = IslandStats(np.arange(count), np.ones(count, dtype=np.int64), np.zeros(count, dtype=np.int64))
    planned = Random(share=share, keep_best=keep_best).plan(view, stats, np.random.default_rng(seed))
    assert [(move.program, move.target) for move in planned] == before
    assert all(move.program in members[move.source] for move in planned)
