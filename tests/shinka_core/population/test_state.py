"""The population is a fold: what is read back comes to what was lived through."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shinka_core.population.archives import ARCHIVES
from shinka_core.population.archives.protocol import Archive, ArchiveChange
from shinka_core.population.state import Population
from shinka_core.population.view import PopulationView
from shinka_core.program import Failure
from shinka_core.record import Called, Ended, Event, Joined, Recorded, Retired, Spawned
from tests.support.generated import fewer

WIDTH = 4


@dataclass(frozen=True)
class Coin:
    """An archive that leaves everything to chance."""

    def offer(self, view: PopulationView, newcomer: int, rng: np.random.Generator) -> ArchiveChange:
        leaving = tuple(int(member) for member in view.elites if rng.random() < 0.3)
        return ArchiveChange(bool(rng.random() < 0.7), leaving)


@st.composite
def records(draw: st.DrawFn) -> list[Event]:
    """Two islands, more of them on the way, programs with and without parents, scores and embeddings, failures between."""
    islands, retired, programs = 2, set[int](), 0
    events: list[Event] = []
    for _ in range(draw(st.integers(1, 25))):
        kind = draw(st.sampled_from(["program", "program", "program", "failure", "join", "spawn", "retire", "call"]))
        if kind == "program" or not programs:
            score = draw(st.none() | st.floats(-3, 3))
            vector = draw(st.none() | st.integers(0, 9))
            programs += 1
            living = [island for island in range(islands) if island not in retired]
            home = draw(st.sampled_from(living))
            events.append(
                Recorded(
                    sequence=programs,
                    program_id=str(programs),
                    generation=programs,
                    island=home,
                    islands=tuple(living) if programs == 1 else (home,),
                    score=score,
                    correct=draw(st.booleans()),
                    parent_id=str(draw(st.integers(1, programs - 1))) if programs > 1 and draw(st.booleans()) else None,
                    embedding=None if vector is None else direction(vector),
                    instance_scores=draw(st.dictionaries(st.sampled_from("ab"), st.floats(-1, 1))),
                    features=draw(st.dictionaries(st.sampled_from("xy"), st.floats(-1, 1))),
                )
            )
        elif kind == "failure":
            events.append(Ended(1000 + len(events), Failure("patch", "x", "")))
        elif kind == "join":
            events.append(Joined(programs, str(draw(st.integers(1, programs))), draw(st.integers(0, islands - 1))))
        elif kind == "spawn":
            events.append(Spawned(programs, islands, "initial"))
            islands += 1
        elif kind == "retire" and islands - len(retired) > 1:
            leaving = draw(st.sampled_from([island for island in range(islands) if island not in retired]))
            retired.add(leaving)
            events.append(Retired(programs, leaving))
        elif kind == "call":
            events.append(Called(programs, "proposal", "m", 0.5))
    return events


def direction(seed: int) -> np.ndarray:
    vector = np.random.default_rng(seed).standard_normal(WIDTH).astype(np.float32)
    return vector / np.linalg.norm(vector)


def lived(events: Sequence[Event], archive: Archive) -> Population:
    population = Population(2, archive, seed=7)
    for event in events:
        population.apply(event)
    return population


def read_back(events: Sequence[Event], archive: Archive) -> Population:
    population = Population(2, archive, seed=7)
    population.load(events)
    return population


def state(population: Population) -> tuple[object, ...]:
    """Everything that decides."""
    view, stats = population.view(), population.stats()
    return (
        list(view.ids),
        *(array.tolist() for array in (view.correct, view.children, view.parents, view.generations, view.births)),
        str(view.scores.tolist()),
        [members.tolist() for members in view.islands],
        view.elites.tolist(),
        view.embeddings.tolist(),
        view.instances,
        str(view.instance_scores.tolist()),
        {name: str(values.tolist()) for name, values in view.features.items()},
        stats.numbers.tolist(),
        stats.sizes.tolist(),
        population.best(),
    )


@pytest.mark.parametrize("archive", [Coin(), *(ARCHIVES.create(name) for name in ARCHIVES)], ids=repr)
@fewer(20, in_ci=50)
@given(events=records(), data=st.data())
def test_any_prefix_that_is_read_back_is_what_was_lived_through(
    archive: Archive, events: list[Event], data: st.DataObject
) -> None:
    prefix = events[: data.draw(st.integers(0, len(events)), label="killed after")]
    resumed = read_back(prefix, archive)
    assert state(resumed) == state(lived(prefix, archive))
    for event in events[len(prefix) :]:
        resumed.apply(event)
    assert state(resumed) == state(lived(events, archive)), "and goes on as if nothing had happened"


@fewer(20, in_ci=50)
@given(events=records(), data=st.data())
def test_proposals_under_way_leave_no_trace_once_they_are_over(events: list[Event], data: st.DataObject) -> None:
    archive = ARCHIVES.create("fitness")
    population = lived(events, archive)
    before = state(population)
    count = len(population)
    for generation in range(2000, 2000 + data.draw(st.integers(0, 5))):
        population.expect_child(generation, data.draw(st.integers(0, count - 1)), 0)
    for generation in range(2000, 2005):
        population.forget_proposal(generation)
    assert state(population) == before


@fewer(20, in_ci=50)
@given(events=records(), data=st.data())
def test_a_proposal_under_way_counts_as_a_child_of_its_parent_and_on_its_island(
    events: list[Event], data: st.DataObject
) -> None:
    population = lived(events, ARCHIVES.create("fitness"))
    parent = data.draw(st.integers(0, len(population) - 1))
    children, sizes = population.view().children.copy(), population.stats().sizes.copy()
    numbers = population.stats().numbers.tolist()
    island = data.draw(st.sampled_from(numbers))
    population.expect_child(3000, parent, island)
    population.expect_child(3000, parent, island)  # sampled anew
    assert population.view().children[parent] == children[parent] + 1
    assert population.view().children.sum() == children.sum() + 1
    assert population.stats().sizes[numbers.index(island)] == sizes[numbers.index(island)] + 1
    assert population.stats().under_way.sum() == 1


@fewer(20, in_ci=50)
@given(events=records(), seed=st.integers(0, 9), count=st.integers(1, 5))
def test_nearest_is_what_comparing_with_every_member_gives(events: list[Event], seed: int, count: int) -> None:
    population, target = lived(events, ARCHIVES.create("fitness")), direction(seed)
    vectors = {e.program_id: e.embedding for e in events if isinstance(e, Recorded) and e.embedding is not None}
    for island in range(2):
        members = [int(p) for p in population.islands[island].members if population.ids[int(p)] in vectors]
        cosines = sorted((float(vectors[population.ids[p]] @ target) for p in members), reverse=True)
        found = population.nearest(island, target, count)
        assert [cosine for _, cosine in found] == pytest.approx(cosines[:count], abs=1e-5)
        assert {position for position, _ in found} <= set(members)


@fewer(20, in_ci=50)
@given(events=records())
def test_children_are_those_that_the_record_names(events: list[Event]) -> None:
    population = lived(events, ARCHIVES.create("fitness"))
    parents = [event.parent_id for event in events if isinstance(event, Recorded)]
    for position, program_id in enumerate(population.ids):
        assert population.view().children[position] == parents.count(program_id)


@fewer(20, in_ci=50)
@given(events=records())
def test_the_best_is_the_first_of_the_highest(events: list[Event]) -> None:
    population = lived(events, ARCHIVES.create("fitness"))
    fit = [
        (-event.score, index)
        for index, event in enumerate(event for event in events if isinstance(event, Recorded))
        if event.correct and event.score is not None
    ]
    assert population.best() == (min(fit)[1] if fit else None)


@fewer(20, in_ci=50)
@given(events=records())
def test_a_view_of_before_is_the_population_of_before(events: list[Event]) -> None:
    population = lived(events, ARCHIVES.create("fitness"))
    count = len(population) // 2
    earlier, then = population.view().after(count), population.view()
    assert len(earlier) == count
    assert earlier.scores.tolist()[:count] == pytest.approx(then.scores.tolist()[:count], nan_ok=True)
    assert all((members < count).all() for members in earlier.islands)
    assert (earlier.elites < count).all()
