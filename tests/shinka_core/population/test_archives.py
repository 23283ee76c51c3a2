"""What archives keep, whatever they are offered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shinka_core.errors import ConfigError
from shinka_core.population.archives import ARCHIVES, Archive, Criteria, Crowding, Fitness, MapElites, Pareto
from shinka_core.population.archives.bins import cuts_of
from shinka_core.population.archives.map_elites import DIVERSITY
from shinka_core.population.archives.measures import diversity, measured
from shinka_core.population.archives.pareto import crowding_distances
from shinka_core.population.view import PopulationView
from tests.support.populations import course, of_populations, offered, population, populations, with_elites

BOUNDS = {"length": (0.5, 3.5), "complexity": (0.0, 4.0)}
RNG = np.random.default_rng(0)
KINDS = [
    Fitness(4),
    Crowding(4),
    Pareto(size=4),
    Pareto({"length": "min", "speed": "max", "score": "max"}, size=5),
    MapElites(bins=3),
    MapElites(bins=3, bounds=BOUNDS),
    MapElites(("length", "score"), bins={"length": 4, "score": 2}, scaling="quantiles"),
    MapElites((DIVERSITY, "speed"), bins=3),
    Criteria({"score": 1.0, "length": -0.3}, size=4),
    Criteria({"speed": 1.0}, "similar", size=4),
]
ELITIST = [
    kind
    for kind in KINDS
    if not (isinstance(kind, Pareto) and "score" not in kind.objectives and kind.objectives)
    and not (isinstance(kind, Criteria) and "score" not in kind.weights)
]
of_every_kind = pytest.mark.parametrize("archive", KINDS, ids=repr)


def most(archive: Archive) -> int:
    """Members at most; of a grid with one bin more for programs without a value."""
    if isinstance(archive, MapElites):
        bins = archive.bins
        return int(np.prod([(bins[name] if isinstance(bins, dict) else bins) + 1 for name in archive.features]))
    assert isinstance(archive, Fitness | Crowding | Criteria | Pareto)
    return archive.size


@of_every_kind
@of_populations
@given(view=populations())
def test_there_are_never_more_members_than_there_is_room(archive: Archive, view: PopulationView) -> None:
    assert all(len(members) <= most(archive) for members in course(archive, view))


@of_every_kind
@of_populations
@given(view=populations(), count=st.integers(0, 40))
def test_rebuilding_after_any_prefix_comes_to_the_members_that_offers_came_to(
    archive: Fitness | Crowding | Criteria | Pareto | MapElites, view: PopulationView, count: int
) -> None:
    prefix = view.after(count)
    assert list(archive.rebuild(prefix, RNG)) == offered(archive, prefix)


@of_every_kind
@of_populations
@given(view=populations(), seeds=st.tuples(st.integers(0, 9), st.integers(0, 9)))
def test_a_decision_is_repeated_and_leaves_nothing_to_chance(
    archive: Archive, view: PopulationView, seeds: tuple[int, int]
) -> None:
    view = replace(view, correct=np.append(view.correct[:-1], True), scores=np.append(view.scores[:-1], 1.0))
    seen = with_elites(view, offered(archive, view.after(len(view) - 1)))
    first, second = (archive.offer(seen, len(view) - 1, np.random.default_rng(seed)) for seed in seeds)
    assert first == second


@pytest.mark.parametrize("archive", ELITIST, ids=repr)
@of_populations
@given(view=populations())
def test_the_best_that_was_ever_offered_is_a_member(archive: Archive, view: PopulationView) -> None:
    best = np.fmax.accumulate(np.where(view.correct, view.scores, np.nan))
    for highest, members in zip(best, course(archive, view), strict=True):
        assert np.isnan(highest) or highest in view.scores[members]


@of_every_kind
@of_populations
@given(view=populations())
def test_members_are_correct_and_offered(archive: Archive, view: PopulationView) -> None:
    members = offered(archive, view)
    assert view.correct[members].all()
    assert len(set(members)) == len(members)
    assert bool(members) == bool(view.correct.any()), "the first that is offered is taken"


@pytest.mark.parametrize("archive", [Fitness(4), Crowding(4), MapElites(bins=3)], ids=repr)
@of_populations
@given(view=populations(), scale=st.sampled_from([0.5, 3.0, 1e6]), shift=st.integers(-100, 100))
def test_only_the_order_of_scores_counts(archive: Archive, view: PopulationView, scale: float, shift: int) -> None:
    moved = replace(view, scores=view.scores * scale + shift)
    assert offered(archive, moved) == offered(archive, view)


@of_populations
@given(view=populations(), size=st.integers(1, 12))
def test_fitness_keeps_the_highest_scores(view: PopulationView, size: int) -> None:
    kept = sorted(view.scores[offered(Fitness(size), view)].tolist(), reverse=True)
    assert kept == sorted(view.scores[view.correct].tolist(), reverse=True)[:size]


@of_populations
@given(view=populations(), size=st.integers(1, 6))
def test_crowding_takes_everybody_while_there_is_room_and_never_shrinks(view: PopulationView, size: int) -> None:
    assert len(offered(Crowding(size), view)) == min(size, int(view.correct.sum()))


@of_populations
@given(view=populations(least=5, distinct=True))
def test_crowding_sets_a_newcomer_against_its_like_alone(view: PopulationView) -> None:
    newcomer = len(view) - 1
    seen = with_elites(view, range(newcomer))
    change = Crowding(newcomer).offer(seen, newcomer, RNG)
    like = int(np.argmax(view.embeddings[:newcomer] @ view.embeddings[newcomer]))
    better = view.scores[newcomer] > view.scores[like]
    assert (change.added, change.removed) == (better, (like,) if better else ())


@of_populations
@given(view=populations(), size=st.integers(1, 6), data=st.booleans())
def test_without_embeddings_crowding_is_fitness(view: PopulationView, size: int, data: bool) -> None:
    blind = replace(view, embeddings=np.zeros_like(view.embeddings) if data else view.embeddings[:, :0])
    assert offered(Crowding(size), blind) == offered(Fitness(size), blind)


@of_populations
@given(view=populations(distinct=True))
def test_crowding_keeps_the_best_of_each_of_distant_groups(view: PopulationView) -> None:
    groups = np.arange(len(view)) % 3
    apart = replace(view, embeddings=np.eye(3, dtype=np.float32)[groups])
    best = {int(max(np.flatnonzero(groups == group), key=lambda p: view.scores[p])) for group in set(groups.tolist())}
    assert set(offered(Crowding(3), apart)) == best


@of_populations
@given(view=populations())
def test_a_grid_with_given_bounds_keeps_the_first_best_of_each_cell(view: PopulationView) -> None:
    archive = MapElites(bins=4, bounds=BOUNDS)
    programs = np.flatnonzero(view.correct)
    cells = archive.cells(view, programs, lambda name: np.empty(0)).tolist()
    best: dict[tuple[int, ...], int] = {}
    for program, cell in zip(programs.tolist(), map(tuple, cells), strict=True):
        if cell not in best or view.scores[program] > view.scores[best[cell]]:
            best[cell] = program
    assert offered(archive, view) == sorted(best.values())


@of_populations
@given(view=populations(distinct=True), seed=st.integers(0, 99))
def test_a_grid_with_given_bounds_is_the_same_in_whatever_order_programs_come(view: PopulationView, seed: int) -> None:
    archive = MapElites(bins=4, bounds={"length": (-1, 1), "complexity": (-1, 1)})
    order = np.random.default_rng(seed).permutation(len(view))
    shuffled = replace(
        view, scores=view.scores[order], features={name: values[order] for name, values in view.features.items()}
    )
    assert {int(order[member]) for member in offered(archive, shuffled)} == set(offered(archive, view))


@pytest.mark.parametrize("archive", [KINDS[4], KINDS[5], KINDS[6]], ids=repr)
@of_populations
@given(view=populations())
def test_once_a_newcomer_is_taken_no_two_members_share_a_cell(archive: MapElites, view: PopulationView) -> None:
    best = replace(view, correct=np.append(view.correct[:-1], True), scores=np.append(view.scores[:-1], 99.0))
    members = np.array(offered(archive, best))
    assert len(view) - 1 in members, "who is better than all is taken"

    def cuts(name: str) -> np.ndarray:
        count = archive.bins[name] if isinstance(archive.bins, dict) else archive.bins
        return cuts_of(measured(best, name)[best.correct], count, archive.scaling)

    cells = archive.cells(best, members, cuts)
    assert len(np.unique(cells, axis=0)) == len(members)


@of_populations
@given(view=populations(), low=st.floats(-5, 5), width=st.floats(0.1, 5), bins=st.integers(1, 6))
def test_the_words_for_a_cell_say_in_which_bin_of_how_many_it_is(
    view: PopulationView, low: float, width: float, bins: int
) -> None:
    archive = MapElites(("speed",), bins=bins, bounds={"speed": (low, low + width)})
    for newcomer in np.flatnonzero(view.correct).tolist():
        speed = view.features["speed"][newcomer]
        words = archive.offer(view.after(newcomer + 1), newcomer, RNG).cell
        if np.isnan(speed):
            assert words == "speed none"
        else:
            name, place = words.split(" ")
            number, count = map(int, place.split("/"))
            assert (name, count) == ("speed", bins)
            edges = np.linspace(low, low + width, bins + 1)
            assert number == 1 or speed >= edges[number - 1] - 1e-9
            assert number == bins or speed <= edges[number] + 1e-9


@of_populations
@given(view=populations())
def test_diversity_is_the_mean_distance_to_the_others(view: PopulationView) -> None:
    found = diversity(view.embeddings)
    known = [index for index in range(len(view)) if view.embeddings[index].any()]
    for index in range(len(view)):
        others = [other for other in known if other != index]
        if index not in known:
            assert np.isnan(found[index])
        elif others:
            cosines = view.embeddings[others].astype(float) @ view.embeddings[index].astype(float)
            assert found[index] == pytest.approx(float((1 - cosines).mean()), abs=1e-5)


def objectives(view: PopulationView, archive: Pareto) -> np.ndarray:
    """`(n, objectives)`, larger is better, with what is missing below everything."""
    if not archive.objectives:
        values = np.column_stack([view.instance_scores, view.scores])
    else:
        all_of = {"score": view.scores, **view.features}
        values = np.column_stack([all_of[n] * (1 if way == "max" else -1) for n, way in archive.objectives.items()])
    return np.where(np.isnan(values), -np.inf, values)


PARETO = [Pareto(size=4), Pareto({"length": "min", "speed": "max"}, size=5), Pareto({"score": "max"}, size=2)]


@pytest.mark.parametrize("archive", PARETO, ids=repr)
@of_populations
@given(view=populations())
def test_no_member_of_a_front_is_as_good_as_another_in_everything(archive: Pareto, view: PopulationView) -> None:
    values = objectives(view, archive)[offered(archive, view)]
    for index, own in enumerate(values):
        assert not (np.delete(values, index, axis=0) >= own).all(axis=1).any()


@of_populations
@given(view=populations())
def test_an_instance_that_is_heard_of_later_changes_nothing_that_was_decided(view: PopulationView) -> None:
    nothing = np.full((len(view), 1), np.nan)
    later = replace(
        view, instances=("later", *view.instances), instance_scores=np.hstack([nothing, view.instance_scores])
    )
    assert course(Pareto(size=3), later) == course(Pareto(size=3), view)


@pytest.mark.parametrize("objective", [{}, {"length": "min", "speed": "max"}], ids=str)
@of_populations
@given(view=populations())
def test_with_room_a_front_is_all_that_nobody_dominates(objective: dict[str, str], view: PopulationView) -> None:
    archive = Pareto(objective, size=100)  # pyright: ignore[reportArgumentType]
    values, programs = objectives(view, archive), np.flatnonzero(view.correct).tolist()

    def beaten(program: int) -> bool:
        return any(
            (values[other] >= values[program]).all() and ((values[other] > values[program]).any() or other < program)
            for other in programs
            if other != program
        )

    assert offered(archive, view) == [program for program in programs if not beaten(program)]


@of_populations
@given(view=populations())
def test_the_least_of_a_measure_is_the_most_of_its_negative(view: PopulationView) -> None:
    negative = replace(view, features={**view.features, "speed": -view.features["speed"]})
    least, most_of = Pareto({"speed": "min", "score": "max"}, size=4), Pareto({"speed": "max", "score": "max"}, size=4)
    assert offered(least, view) == offered(most_of, negative)


@of_populations
@given(view=populations(least=3, distinct=True), data=st.data())
def test_a_full_front_loses_whoever_has_the_nearest_neighbours_but_not_the_best(
    view: PopulationView, data: st.DataObject
) -> None:
    # A front of two objectives by construction: the better in one, the worse in the other.
    speed = np.sort(view.features["speed"])
    front = replace(view, features={"speed": speed, "slowness": -speed}, correct=np.ones(len(view), dtype=np.bool_))
    size = len(view) - 1
    if size < 2:
        return
    best = int(np.argmax(view.scores))
    gaps = {place: speed[place + 1] - speed[place - 1] for place in range(1, len(view) - 1) if place != best}
    members = offered(Pareto({"speed": "max", "slowness": "max"}, size=size), front)
    (left,) = set(range(len(view))) - set(members)
    assert left == min(gaps, key=lambda place: gaps[place]) if gaps else left == len(view) - 1 or left != best


@of_populations
@given(seed=st.integers(0, 999), count=st.integers(1, 12), width=st.integers(1, 4))
def test_crowding_distances_are_the_sides_of_the_box_between_the_neighbours(seed: int, count: int, width: int) -> None:
    values = np.random.default_rng(seed).normal(size=(count, width))
    expected = np.zeros(count)
    for column in values.T:
        order = np.argsort(column)
        span = column.max() - column.min()
        for place, member in enumerate(order if span else []):
            inner = 0 < place < count - 1
            expected[member] += (column[order[place + 1]] - column[order[place - 1]]) / span if inner else np.inf
    assert crowding_distances(values) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"name": "fitness", "size": 0}, "size=0"),
        ({"name": "map_elites", "features": []}, "features="),
        ({"name": "map_elites", "features": ["length", "length"]}, "names one twice"),
        ({"name": "map_elites", "bins": {"length": 3}}, "no number for 'complexity'"),
        ({"name": "map_elites", "bins": 0}, "bins"),
        ({"name": "map_elites", "bounds": {"lenght": [0, 1]}}, "bounds names 'lenght'"),
        ({"name": "map_elites", "bounds": {"length": [3, 1]}}, "are 3.0 to 1.0"),
        ({"name": "map_elites", "bins": 1000}, "1000000 cells"),
        ({"name": "pareto", "objectives": {"speed": "fast"}}, "objectives.speed='fast'"),
        ({"name": "pareto", "size": 1}, "size=1"),
    ],
)
def test_a_wrong_parameter_is_refused_by_name(spec: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        ARCHIVES.create(spec)


@of_populations
@given(view=populations(distinct=True))
def test_the_score_alone_by_its_rank_keeps_the_best(view: PopulationView) -> None:
    assert offered(Criteria(size=4), view) == offered(Fitness(4), view)


def test_of_equal_scores_the_shorter_stay_and_of_better_ones_the_better() -> None:
    view = replace(
        population(0, 5),
        scores=np.array([1.0, 1.0, 1.0, 1.0, 9.0]),
        correct=np.ones(5, dtype=np.bool_),
        features={"lines": np.array([10.0, 40.0, 30.0, 5.0, 99.0])},
    )
    weighed = Criteria({"score": 1.0, "lines": -0.3}, size=3)
    assert offered(weighed, view) == [0, 3, 4], "the longest of equals leave, one after the other"
    assert offered(Criteria({"lines": -1.0}, size=3), view) == [0, 2, 3]
    with pytest.raises(ConfigError, match="weights names 'loc'"):
        Criteria({"loc": -1.0}).check(view)


def test_what_no_program_has_is_refused_with_what_there_is() -> None:
    view = population(0, 5)
    MapElites(("length", DIVERSITY, "score")).check(view)
    Pareto().check(view)
    with pytest.raises(
        ConfigError, match=r"features names 'size', which no program .* complexity, length, score, speed"
    ):
        MapElites(("size",)).check(view)
    with pytest.raises(ConfigError, match="objectives names 'size'"):
        Pareto({"size": "min"}).check(view)
    with pytest.raises(ConfigError, match="no instance scores"):
        Pareto().check(replace(view, instances=(), instance_scores=np.empty((5, 0))))
