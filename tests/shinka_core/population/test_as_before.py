"""The first strategies draw and keep what they always did, so that old runs go on as they would have."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shinka.testing import population_views as views
from shinka_core.population.archives import Fitness
from shinka_core.population.inspirations import FromArchive, TopK
from shinka_core.population.islands import Equal, Uniform
from shinka_core.population.migration import Random
from shinka_core.population.parents import PowerLaw, Weighted
from shinka_core.population.view import IslandStats, PopulationView
from shinka_core.selection.archive import fitness_change, fittest
from shinka_core.selection.inspirations import draw_inspirations
from shinka_core.selection.islands import draw_island, draw_migrants
from shinka_core.selection.parents import draw_power_law, draw_weighted
from tests.support.generated import fewer

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


@fewer(100, in_ci=2000)
@given(views(), SEEDS, st.floats(0.1, 100), st.floats(0, 5), st.floats(0, 1))
def test_weighted_and_power_law_draw_the_same_parents(
    view: PopulationView, seed: int, sharpness: float, alpha: float, ratio: float
) -> None:
    old, new = np.random.default_rng(seed), np.random.default_rng(seed)
    for island in range(len(view.islands)):
        here = set(view.islands[island].tolist())
        elites = np.array(sorted(e for e in view.elites.tolist() if e in here), dtype=np.int64)
        correct = view.islands[island][view.correct[view.islands[island]]]
        if len(elites):
            before = int(elites[draw_weighted(old, view.scores[elites], view.children[elites], sharpness)])
        else:
            before = int(correct[int(np.argmax(view.scores[correct]))])
        assert Weighted(sharpness).select(view, island, new) == before
        pool = elites if len(elites) and old.random() < ratio else correct
        before = int(pool[draw_power_law(old, view.scores[pool], alpha)])
        assert PowerLaw(alpha, ratio).select(view, island, new) == before


@fewer(100, in_ci=2000)
@given(views(), SEEDS, st.integers(0, 5), st.integers(0, 5), st.floats(0, 1), st.booleans(), st.data())
def test_archive_and_top_k_draw_the_same_inspirations(
    view: PopulationView, seed: int, count: int, top: int, ratio: float, separate: bool, data: st.DataObject
) -> None:
    island = data.draw(st.integers(0, len(view.islands) - 1))
    correct = view.fit_on(island)
    parent = int(data.draw(st.sampled_from(correct.tolist())))
    members = correct
    if len(correct) > top + 1:
        members = correct[np.argpartition(-view.scores[correct], top + 1)[: top + 1]]
    here = set(view.islands[island].tolist())
    before = draw_inspirations(
        np.random.default_rng(seed),
        [e for e in view.elites.tolist() if e in here or not separate],
        members.tolist(),
        view.scores,
        parent,
        from_archive=count,
        top=top,
        elite_ratio=ratio,
    )
    rng = np.random.default_rng(seed)
    first = FromArchive(count, ratio, separate).select(view, island, parent, (), rng)
    chosen = (*first, *TopK(top).select(view, island, parent, first, rng))
    assert sorted(chosen, key=lambda program: float(view.scores[program])) == before
