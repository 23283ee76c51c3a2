"""Populations to try strategies on: by hand, at random, at the edges of what there is, and for hypothesis."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from shinka_core.population.view import NO_PARENT, IslandStats, PopulationView

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

HUGE = 1e308


def view_of(
    scores: Sequence[float | None],
    *,
    correct: Sequence[bool] | None = None,
    children: Sequence[int] | None = None,
    parents: Sequence[int] | None = None,
    generations: Sequence[int] | None = None,
    births: Sequence[int] | None = None,
    islands: Sequence[Sequence[int]] | None = None,
    elites: Sequence[int] | None = None,
    embeddings: Any = None,
    instance_scores: Any = None,
    features: Mapping[str, Sequence[float]] | None = None,
) -> PopulationView:
    """A population by hand, whose arrays cannot be written to.

    Args:
        scores: None where a program has none.
        correct: Those with a score, if not given; a program without a score never is.
        children: As `parents` say, if not given.
        parents: Positions, `NO_PARENT` without one; nobody has one, if not given.
        islands: Who lives on each; all on one, if not given.
        births: The first island that each lives on, if not given.
        elites: All correct programs, if not given.
        embeddings: `(n, d)`; scaled to unit length, zeros stay zeros.
        instance_scores: `(n, m)`, NaN where there is none.
    """
    n = len(scores)
    values = np.array([np.nan if score is None else score for score in scores], dtype=np.float64)
    fit = np.isfinite(values) & (True if correct is None else np.array(correct, dtype=np.bool_))
    from_whom = np.full(n, NO_PARENT) if parents is None else np.array(parents, dtype=np.int64)
    homes = [range(n)] if islands is None else islands
    vectors = np.zeros((n, 0)) if embeddings is None else np.array(embeddings, dtype=np.float64)
    lengths = np.sqrt((vectors**2).sum(axis=1, keepdims=True))
    instances = np.empty((n, 0)) if instance_scores is None else np.array(instance_scores, dtype=np.float64)
    view = PopulationView(
        ids=[f"program-{position}" for position in range(n)],
        scores=values,
        correct=fit,
        children=(
            np.bincount(from_whom[from_whom != NO_PARENT], minlength=n).astype(np.int64)
            if children is None
            else np.array(children, dtype=np.int64)
        ),
        parents=from_whom,
        generations=np.arange(n) if generations is None else np.array(generations, dtype=np.int64),
        births=_first_homes(n, homes) if births is None else np.array(births, dtype=np.int64),
        islands=tuple(np.array(members, dtype=np.int64) for members in homes),
        elites=np.flatnonzero(fit) if elites is None else np.array(sorted(elites), dtype=np.int64),
        embeddings=(vectors / np.where(lengths > 0, lengths, 1.0)).astype(np.float32),
        instances=tuple(f"instance-{number}" for number in range(instances.shape[1])),
        instance_scores=instances,
        features={name: np.array(column, dtype=np.float64) for name, column in (features or {}).items()},
    )
    for array in _arrays(view):
        array.setflags(write=False)
    return view


def stats_of(
    view: PopulationView,
    *,
    retired: Sequence[int] = (),
    under_way: Mapping[int, int] | None = None,
    progress: float = 0.0,
    failures: Mapping[int, Sequence[int]] | None = None,
) -> IslandStats:
    """What there is to know of a view's islands.

    Args:
        retired: Islands that do not live any more.
        under_way: Proposals under way by island; none, where not given.
        failures: How many programs lived there when each proposal that came to nothing ended, by island; none, where
            not given.
    """
    numbers = [island for island in range(len(view.islands)) if island not in retired]
    waiting = np.array([(under_way or {}).get(island, 0) for island in numbers], dtype=np.int64)
    sizes = np.array([len(view.islands[island]) for island in numbers], dtype=np.int64)
    failed = tuple(np.array(sorted((failures or {}).get(island, ())), dtype=np.int64) for island in numbers)
    return IslandStats(np.array(numbers, dtype=np.int64), sizes + waiting, waiting, progress, failed)


def random_view(
    rng: np.random.Generator,
    programs: int = 40,
    *,
    islands: int = 2,
    width: int = 8,
    instances: int = 3,
    failures: float = 0.2,
    scores: Sequence[float] | None = None,
) -> PopulationView:
    """A population such as an evolution makes.

    It has a correct seed program on every island, parents before their children, some failures and migrants, some
    proposals under way, elites, and a feature `length`.

    Args:
        width: Of the embeddings; 0: there are none.
        instances: Of the evaluator; 0: there are none.
        failures: Share of programs that are not correct, some of them with a score.
        scores: Values to draw the scores from; normally distributed, if not given.
    """
    values = rng.standard_normal(programs) if scores is None else rng.choice(np.array(scores, np.float64), programs)
    failed = rng.random(programs) < failures
    failed[0] = False
    scoreless = failed & (rng.random(programs) < 0.5)
    members: list[list[int]] = [[0] for _ in range(islands)]
    fit_on: list[list[int]] = [[0] for _ in range(islands)]
    parents = [NO_PARENT]
    births = [0]
    for program in range(1, programs):
        island = int(rng.integers(islands))
        parents.append(fit_on[island][int(rng.integers(len(fit_on[island])))])
        births.append(island)
        homes = {island, int(rng.integers(islands))} if rng.random() < 0.1 else {island}
        for home in sorted(homes):
            members[home].append(program)
            if not failed[program]:
                fit_on[home].append(program)
    fit = np.flatnonzero(~failed)
    embeddings = rng.standard_normal((programs, width))
    embeddings[rng.random(programs) < 0.1] = 0.0
    by_instance = rng.integers(0, 5, (programs, instances)) / 4.0
    by_instance[failed] = np.nan
    by_instance[rng.random(by_instance.shape) < 0.05] = np.nan
    under_way = np.bincount(rng.choice(fit, size=3), minlength=programs)
    born_of = np.bincount(np.array(parents[1:], dtype=np.int64), minlength=programs)
    return view_of(
        [None if without else float(value) for value, without in zip(values, scoreless, strict=True)],
        correct=(~failed).tolist(),
        children=(born_of + under_way).tolist(),
        parents=parents,
        births=births,
        islands=members,
        elites=rng.choice(fit, size=max(1, len(fit) // 3), replace=False).tolist(),
        embeddings=embeddings,
        instance_scores=by_instance,
        features={"length": np.where(failed, np.nan, rng.integers(1, 500, programs)).tolist()},
    )


@cache
def large_view() -> PopulationView:
    """Ten thousand programs on one island, with 384 numbers an embedding and 20 instances."""
    return random_view(np.random.default_rng(0), 10_000, islands=1, width=384, instances=20)


def edge_views() -> dict[str, PopulationView]:
    """Populations at the edges of what there is, by what is special."""
    rng = np.random.default_rng(0)
    return {
        "one program": view_of([1.5]),
        "one correct program": view_of([None, 0.5, None, 2.0], correct=[False, True, False, False]),
        "the seed failed": view_of([None, 1.0, 2.0], islands=[[0, 1], [0, 2]], parents=[NO_PARENT, 0, 0]),
        "equal scores": random_view(rng, scores=[0.5]),
        "two scores": random_view(rng, scores=[0.0, 1.0]),
        "huge scores": random_view(rng, scores=[-HUGE, 0.0, HUGE]),
        "tiny scores": random_view(rng, scores=[-5e-324, 0.0, 5e-324]),
        "no elites": view_of([1.0, 2.0, 3.0], elites=[]),
        "elites elsewhere": view_of([1.0, 2.0, 3.0], islands=[[0, 1], [2]], elites=[2]),
        "no embeddings": random_view(rng, width=0),
        "one embedding": view_of([1.0, 2.0, 3.0], embeddings=[[0.0, 0.0], [1.0, 0.0], [0.0, 0.0]]),
        "equal embeddings": view_of([1.0, 2.0, 3.0, 4.0], embeddings=[[0.6, 0.8]] * 4),
        "no instances": random_view(rng, instances=0),
        "instances without scores": view_of([1.0, 2.0], instance_scores=[[np.nan, np.nan], [np.nan, np.nan]]),
        "equal instance scores": view_of([1.0, 2.0, 2.0], instance_scores=[[1.0, 1.0]] * 3),
        "no failures": random_view(rng, failures=0.0),
        "mostly failures": random_view(rng, failures=0.9),
        "many islands": random_view(rng, islands=12),
        "one line of descent": view_of([float(i) for i in range(9)], parents=[NO_PARENT, *range(8)]),
        "many children": view_of([1.0] * 3, children=[10**9, 0, 10**9]),
        "everywhere": view_of([1.0, 2.0, 3.0], islands=[[0, 1, 2], [0, 2, 1], [2, 0, 1]]),
    }


def population_views(*, programs: int = 25, islands: int = 4, huge: bool = True) -> SearchStrategy[PopulationView]:
    """Populations for hypothesis, which has to be installed; every island has a correct program.

    Args:
        programs: At most.
        islands: At most.
        huge: Scores may be as large as numbers get; otherwise they are between -1000 and 1000.
    """
    from hypothesis import strategies as st

    limit = HUGE if huge else 1e3
    some = st.sampled_from([0.0, 0.5, 1.0]) | st.floats(-limit, limit)

    @st.composite
    def drawn(draw: st.DrawFn) -> PopulationView:
        n = draw(st.integers(1, programs))

        def column(one: st.SearchStrategy[Any], size: int = n) -> list[Any]:
            return draw(st.lists(one, min_size=size, max_size=size))

        scores = [draw(some), *column(st.none() | some, n - 1)]
        correct = [True, *column(st.sampled_from([True, True, True, False]), n - 1)]
        count = draw(st.integers(1, islands))
        births = [0, *column(st.integers(0, count - 1), n - 1)]
        moved = column(st.sampled_from([None, None, None, *range(count)]))
        homes = [
            [p for p in range(n) if p == 0 or births[p] == island or moved[p] == island] for island in range(count)
        ]
        fit = [p for p in range(n) if correct[p] and scores[p] is not None]
        width = draw(st.sampled_from([0, 2, 3]))
        instances = draw(st.integers(0, 3))
        known = st.sampled_from([0.0, 0.5, 1.0, np.nan])
        directions = st.sampled_from([-1.0, 0.0, 1.0, 2.0])
        return view_of(
            scores,
            correct=correct,
            children=column(st.integers(0, 5)),
            parents=[NO_PARENT, *(draw(st.integers(NO_PARENT, p - 1)) for p in range(1, n))],
            births=births,
            islands=homes,
            elites=draw(st.lists(st.sampled_from(fit), unique=True)),
            embeddings=[column(directions, width) for _ in range(n)] if width else None,
            instance_scores=[column(known, instances) for _ in range(n)] if instances else None,
            features={"length": column(st.sampled_from([1.0, 7.0, np.nan]))},
        )

    return drawn()


def assert_equal_views(view: PopulationView, other: PopulationView) -> None:
    """Holds one population against another, number by number."""
    for one, another in zip(_arrays(view), _arrays(other), strict=True):
        np.testing.assert_array_equal(one, another)


def fastest(call: Callable[[], object], times: int = 5) -> float:
    """Milliseconds of the processor's time that a call takes, the fewest of several."""
    taken: list[float] = []
    for _ in range(times):
        started = time.thread_time()
        call()
        taken.append(1000 * (time.thread_time() - started))
    return min(taken)


def _first_homes(programs: int, islands: Sequence[Sequence[int]]) -> np.ndarray:
    births = np.zeros(programs, dtype=np.int64)
    for island in reversed(range(len(islands))):
        births[list(islands[island])] = island
    return births


def _arrays(view: PopulationView) -> list[np.ndarray]:
    return [
        view.scores, view.correct, view.children, view.parents, view.generations, view.births, *view.islands,
        view.elites, view.embeddings, view.instance_scores, *view.features.values(),
    ]  # fmt: skip
