"""Who is copied where."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shinka_core.errors import ConfigError
from shinka_core.population.migration import MIGRATIONS, Broadcast, Migration, Move, NoMigration, Random, Ring
from shinka_core.population.migration.migrants import Sending
from shinka_core.population.view import PopulationView
from tests.support.populations import of_populations, population, populations, stats, unlikely

SENDING = [Random, Ring, Broadcast]
SENDINGS = st.builds(Sending, share=st.floats(0, 1), best=st.integers(0, 4), keep_best=st.booleans())
of_every_way = pytest.mark.parametrize("way", SENDING, ids=lambda way: way.__name__)


def sent(view: PopulationView, island: int, sending: Sending, seed: int = 0) -> list[int]:
    return sending.migrants(view, island, np.random.default_rng(seed)).tolist()


def joined(view: PopulationView, moves: tuple[Move, ...]) -> PopulationView:
    """The population after the moves."""
    more = [[move.program for move in moves if move.target == island] for island in range(len(view.islands))]
    islands = [np.append(members, joining) for members, joining in zip(view.islands, more, strict=True)]
    return replace(view, islands=tuple(members.astype(np.int64) for members in islands))


@of_populations
@given(view=populations(), sending=SENDINGS, seed=st.integers(0, 99))
def test_an_island_sends_its_best_first_and_then_a_share_of_all(
    view: PopulationView, sending: Sending, seed: int
) -> None:
    for island in range(len(view.islands)):
        fit = view.fit_on(island).tolist()
        ranked = sorted(fit, key=lambda p: (-view.scores[p], fit.index(p)))
        migrants = sent(view, island, sending, seed)
        assert migrants[: sending.best] == ranked[: sending.best]
        drawn = migrants[sending.best :]
        spared = max(sending.best, int(sending.keep_best))
        assert set(drawn) <= set(ranked[spared:])
        assert len(drawn) == min(round(sending.share * len(fit)), len(ranked[spared:]))
        assert len(set(migrants)) == len(migrants)


@of_populations
@given(view=populations(least=10))
def test_the_best_is_not_drawn_where_it_is_kept(view: PopulationView) -> None:
    for island in range(len(view.islands)):
        fit = view.fit_on(island)
        migrants = sent(view, island, Sending(share=1.0, keep_best=True))
        assert len(migrants) == max(len(fit) - 1, 0)
        assert not len(fit) or fit[np.argmax(view.scores[fit])] not in migrants
        assert sorted(sent(view, island, Sending(share=1.0))) == sorted(fit.tolist()), "sending all loses nobody"


@of_every_way
@of_populations
@given(view=populations(islands=6), sending=SENDINGS, seed=st.integers(0, 99), data=st.data())
def test_moves_are_new_and_between_living_islands(
    way: type[Random], view: PopulationView, sending: Sending, seed: int, data: st.DataObject
) -> None:
    living = data.draw(st.sets(st.sampled_from(range(len(view.islands))), min_size=1))
    migration = way(sending.share, sending.best, sending.keep_best)
    moves = migration.plan(view, stats(view, sorted(living)), np.random.default_rng(seed))
    assert len({(move.program, move.target) for move in moves}) == len(moves)
    for move in moves:
        assert move.source in living
        assert move.target in living - {move.source}
        assert move.program in view.fit_on(move.source)
        assert move.program not in view.islands[move.target]


@of_populations
@given(view=populations(islands=6), data=st.data())
def test_a_ring_closes_over_retired_islands(view: PopulationView, data: st.DataObject) -> None:
    living = sorted(data.draw(st.sets(st.sampled_from(range(len(view.islands))), min_size=1)))
    moves = Ring(share=0, best=1).plan(view, stats(view, living), np.random.default_rng(0))
    expected: list[Move] = []
    for source, target in zip(living, [*living[1:], living[0]], strict=True):
        fit = view.fit_on(source)
        best = int(fit[np.argmax(view.scores[fit])]) if len(fit) else None
        if best is not None and best not in view.islands[target]:
            expected.append(Move(best, source, target))
    assert list(moves) == expected


@of_populations
@given(view=populations(islands=6), best=st.integers(1, 3))
def test_after_a_broadcast_every_island_has_the_best_of_all(view: PopulationView, best: int) -> None:
    after = joined(view, Broadcast(share=0, best=best).plan(view, stats(view), np.random.default_rng(0)))
    for island in range(len(view.islands)):
        for sender in range(len(view.islands)):
            ranked = sorted(view.fit_on(sender).tolist(), key=lambda p: -view.scores[p])[:best]
            assert set(ranked) <= set(after.islands[island].tolist())


@of_every_way
@of_populations
@given(view=populations(islands=6), best=st.integers(1, 3))
def test_no_island_becomes_worse_and_the_best_stays_where_it_was(
    way: type[Random], view: PopulationView, best: int
) -> None:
    after = joined(view, way(share=0.5, best=best).plan(view, stats(view), np.random.default_rng(0)))
    for before, now in zip(view.islands, after.islands, strict=True):
        assert now[: len(before)].tolist() == before.tolist()


@pytest.mark.parametrize("migration", [Ring(share=0, best=1), Broadcast(share=0, best=2)], ids=repr)
@of_populations
@given(view=populations(islands=4))
def test_what_was_sent_is_not_sent_again(migration: Migration, view: PopulationView) -> None:
    """With the best alone: their copies go round once, and then all islands have them."""
    rng, states = np.random.default_rng(0), view
    for _ in range(len(view.islands)):
        states = joined(states, migration.plan(states, stats(states), rng))
    assert migration.plan(states, stats(states), rng) == ()


def test_random_migrants_go_to_any_other_living_island_with_the_same_chance() -> None:
    view, rng = population(0, 30, 4, distinct=True), np.random.default_rng(0)
    view = replace(view, islands=(np.arange(30), *(np.empty(0, dtype=np.int64) for _ in range(3))))
    counts = Counter(
        move.target for _ in range(300) for move in Random(share=0.2).plan(view, stats(view, [0, 1, 3]), rng)
    )
    assert not unlikely([counts[number] for number in range(4)], [0, 1 / 2, 0, 1 / 2])


def test_drawn_migrants_are_any_with_the_same_chance() -> None:
    view = population(0, 8, 1, distinct=True)
    counts = Counter(program for seed in range(2000) for program in sent(view, 0, Sending(share=0.25), seed))
    assert not unlikely([counts[number] for number in range(8)], [1 / 8] * 8)


@of_every_way
@of_populations
@given(view=populations(), seed=st.integers(0, 99))
def test_nobody_moves_where_nobody_is_sent_or_there_is_nowhere_to_go(
    way: type[Random], view: PopulationView, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    before = rng.bit_generator.state
    assert way(share=0, best=0).plan(view, stats(view), rng) == ()
    assert way(share=1, best=9).plan(view, stats(view, [0]), rng) == ()
    assert NoMigration().plan(view, stats(view), rng) == ()
    assert rng.bit_generator.state == before, "nothing is drawn for nothing"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"name": "ring", "share": 2}, "share=2"),
        ({"name": "ring", "share": -0.1}, "share=-0.1"),
        ({"name": "broadcast", "best": -1}, "best=-1"),
        ({"name": "none", "share": 0.1}, "'none' has no parameter 'share'; known: none"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(spec: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        MIGRATIONS.create(spec)
