"""When islands come and go, and of what."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shinka_core.errors import ConfigError
from shinka_core.population.archives import Fitness
from shinka_core.population.islands import Halving, Uniform
from shinka_core.population.spawning import (
    Origin,
    Spawn,
    SpawnSettings,
    check_spawning,
    due_retirement,
    due_spawn,
)
from shinka_core.population.state import Population
from shinka_core.population.view import Ints, IslandStats, PopulationView
from shinka_core.record import Event, Joined, Recorded, Retired, Spawned
from tests.support.generated import fewer
from tests.support.populations import of_populations, population, populations, stats, unlikely, with_elites

ORIGINS: list[Origin] = ["initial", "best", "archive", "bootstrap"]
RNG = np.random.default_rng(0)


def standing_still(programs: int, best_at: int = 3, islands: int = 2) -> PopulationView:
    """A population whose best program is at a position."""
    view = population(0, programs, islands, distinct=True)
    return replace(view, scores=np.where(np.arange(programs) == best_at, 9.0, np.minimum(view.scores, 8.0)))


@of_populations
@given(threshold=st.integers(1, 30), programs=st.integers(5, 40))
def test_an_island_is_due_when_the_best_has_not_become_better_for_long_enough(threshold: int, programs: int) -> None:
    view = standing_still(programs)
    spawn = due_spawn(view, stats(view), SpawnSettings(threshold, 0, 5), RNG)
    assert (spawn is not None) == (programs - 1 - 3 >= threshold)
    assert spawn is None or spawn == Spawn(2, "best", (3,), f"no better program among the last {programs - 4}")


@of_populations
@given(made=st.integers(1, 40), cooldown=st.integers(0, 20))
def test_after_an_island_was_made_there_is_none_for_a_while(made: int, cooldown: int) -> None:
    view = standing_still(40)
    spawn = due_spawn(view, stats(view), SpawnSettings(10, cooldown, 5), RNG, made=(0, made))
    assert (spawn is not None) == (40 - made >= cooldown)


@of_populations
@given(islands=st.integers(1, 8), most=st.integers(1, 8), replacing=st.booleans(), data=st.data())
def test_there_are_never_more_islands_than_may_live(
    islands: int, most: int, replacing: bool, data: st.DataObject
) -> None:
    view = standing_still(60, islands=islands)
    living = sorted(data.draw(st.sets(st.sampled_from(range(islands)), min_size=1, max_size=most)))
    settings = SpawnSettings(10, 0, most, replace=replacing)
    spawn = due_spawn(view, stats(view, living), settings, RNG)
    assert (spawn is not None) == (replacing or len(living) < most)
    if spawn is None:
        return
    assert spawn.island == islands, "numbers are never used again"
    grown = replace(view, islands=(*view.islands, np.array(spawn.founders)))
    now = [*living, spawn.island]
    made = [0] * islands + [len(view)]
    retired = due_retirement(grown, stats(grown, now), replace(settings, cooldown=1), made=made)
    assert len(now) - len(retired) == min(len(now), max(most, 1))
    assert spawn.island not in [retirement.island for retirement in retired], "the new one is not the one that goes"


@of_populations
@given(view=populations(least=2), origin=st.sampled_from(ORIGINS))
def test_a_founder_is_what_the_origin_says(view: PopulationView, origin: Origin) -> None:
    elites = np.flatnonzero(view.correct)[::2].tolist()
    spawn = due_spawn(with_elites(view, elites), stats(view), SpawnSettings(0, 0, 9, origin), RNG)
    if not view.correct.any():
        assert spawn is None, "there is nothing that stands still"
        return
    assert spawn is not None
    (founder,) = spawn.founders
    highest = view.scores[view.correct].max()
    expected = {"best": [np.flatnonzero(view.correct & (view.scores == highest))[0]], "archive": elites}
    assert founder in expected.get(origin, [0])
    assert spawn.origin == origin


def test_elites_found_islands_with_the_same_chance_and_the_best_where_there_are_none() -> None:
    view, rng = with_elites(standing_still(20), [2, 3, 11]), np.random.default_rng(0)
    settings = SpawnSettings(10, 0, 5, "archive")
    found = Counter(spawn.founders[0] for _ in range(900) if (spawn := due_spawn(view, stats(view), settings, rng)))
    assert not unlikely([found[2], found[3], found[11]], [1 / 3] * 3)
    lonely = due_spawn(with_elites(view, []), stats(view), settings, rng)
    assert lonely is not None
    assert lonely.founders == (3,)


@of_populations
@given(view=populations(islands=8), most=st.integers(-1, 9), data=st.data())
def test_the_worst_of_too_many_retire_but_never_all(view: PopulationView, most: int, data: st.DataObject) -> None:
    living = sorted(data.draw(st.sets(st.sampled_from(range(len(view.islands))), min_size=1)))
    retired = [each.island for each in due_retirement(view, stats(view, living), SpawnSettings(max_islands=most))]
    left = [number for number in living if number not in retired]
    assert len(left) == min(len(living), max(most, 1))
    assert retired == sorted(set(retired) & set(living))

    def best(island: int) -> float:
        return max((float(s) for s in view.scores[view.fit_on(island)]), default=-np.inf)

    assert all(best(one) >= best(other) for one in left for other in retired)


@of_populations
@given(view=populations(islands=12), progress=st.floats(0, 1))
def test_islands_that_the_selection_gave_up_retire(view: PopulationView, progress: float) -> None:
    islands, selector = stats(view, progress=progress), Halving()
    retired = due_retirement(view, islands, SpawnSettings(max_islands=99), selector=selector)
    left = [n for n in islands.numbers.tolist() if n not in [each.island for each in retired]]
    assert left == selector.kept(view, islands).tolist()
    assert due_retirement(view, stats(view, left, progress), SpawnSettings(max_islands=99), selector=selector) == ()


@dataclass(frozen=True)
class GivesUpAll:
    def kept(self, view: PopulationView, islands: IslandStats) -> Ints:
        return islands.numbers[:0]


def test_a_selection_that_gives_up_all_islands_retires_none() -> None:
    view = standing_still(20)
    assert due_retirement(view, stats(view), SpawnSettings(), selector=GivesUpAll()) == ()
    assert due_retirement(view, stats(view), SpawnSettings(), selector=Uniform()) == ()


@pytest.mark.parametrize("cooldown", [0, 5, 6, 50])
def test_an_island_that_was_just_made_is_not_the_worst_yet(cooldown: int) -> None:
    view = standing_still(30, islands=3)
    worst = min(range(3), key=lambda island: view.scores[view.fit_on(island)].max())
    made = [25 if island == worst else 0 for island in range(3)]
    (retired,) = due_retirement(view, stats(view), SpawnSettings(cooldown=cooldown, max_islands=2), made=made)
    assert (retired.island == worst) == (cooldown <= 5)
    assert retired.reason == "the worst of 3 islands, of which 2 may live"


def test_settings_that_cannot_work_together_are_refused() -> None:
    check_spawning(SpawnSettings(), 5, Uniform())
    with pytest.raises(ConfigError, match="max_islands=5 is less than num_islands=6"):
        check_spawning(SpawnSettings(), 6, Uniform())
    with pytest.raises(ConfigError, match="'halving' gives islands up while stagnation_threshold=100 makes new ones"):
        check_spawning(SpawnSettings(), 5, Halving())


@fewer(20, in_ci=50)
@given(seed=st.integers(0, 999), origin=st.sampled_from(ORIGINS), replacing=st.booleans())
def test_islands_that_came_and_went_are_read_back_from_the_record(seed: int, origin: Origin, replacing: bool) -> None:
    settings = SpawnSettings(5, 3, 3, origin, replace=replacing)
    rng, living, made, events = np.random.default_rng(seed), Population(2, Fitness(4)), [0, 0], list[Event]()

    def happen(event: Event) -> None:
        events.append(event)
        living.apply(event)

    for number in range(1, 41):
        island = Uniform().select(living.view(), living.stats(), rng)
        home = (0, 1) if number == 1 else (island,)
        happen(Recorded(number, str(number), number, island, home, float(rng.integers(9)), True, None))
        spawn = due_spawn(living.view(), living.stats(), settings, rng, made=made)
        if spawn is not None:
            happen(Spawned(number, spawn.island, spawn.origin))
            for founder in spawn.founders:
                happen(Joined(number, living.ids[founder], spawn.island))
            made.append(number)
        for retirement in due_retirement(living.view(), living.stats(), settings, made=made):
            happen(Retired(number, retirement.island))
        assert 1 <= len(living.stats().numbers) <= settings.max_islands
    read_back = Population(2, Fitness(4))
    read_back.load(events)
    assert read_back.stats().numbers.tolist() == living.stats().numbers.tolist()
    assert [each.tolist() for each in read_back.view().islands] == [each.tolist() for each in living.view().islands]
    assert len(made) == len(living.view().islands) > 2
    assert np.diff([0, *made[2:]]).min() >= settings.cooldown


@fewer(20, in_ci=200)
@given(seed=st.integers(0, 999), slots=st.integers(1, 6))
def test_a_run_by_halving_has_twelve_then_five_then_two_then_one_island(seed: int, slots: int) -> None:
    """Proposals that were under way at a cut may end on an island that was given up; none is begun there."""
    rng, living, total = np.random.default_rng(seed), Population(12, Fitness(4), seed), 80
    selector, settings = Halving(), SpawnSettings(max_islands=12)
    living.apply(Recorded(1, "1", 0, 0, tuple(range(12)), 0.0, True, None))
    under_way: list[tuple[int, int]] = []
    for generation in range(1, total + 1):
        stats_now = living.stats(progress=(generation - 1) / total)
        for retirement in due_retirement(living.view(), stats_now, settings, selector=selector):
            living.apply(Retired(len(living), retirement.island))
        stats_now = living.stats(progress=(generation - 1) / total)
        done = (generation - 1) / total
        assert len(stats_now.numbers) == (12 if done < 0.25 else 5 if done < 0.5 else 2 if done < 0.75 else 1)
        island = selector.select(living.view(), stats_now, rng)
        living.expect_child(generation, 0, island)
        under_way.append((generation, island))
        if len(under_way) == slots:
            ended, home = under_way.pop(int(rng.integers(slots)))
            score = float(rng.normal())
            living.apply(Recorded(len(living) + 1, str(ended), ended, home, (home,), score, True, "1"))
