"""Each parent selector does what it says: by formula where there is one, and by what must not matter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shinka.testing import population_views, random_view, view_of
from shinka_core.errors import ConfigError
from shinka_core.population.parents import (
    PARENTS,
    BeamSearch,
    BestOfN,
    EpsilonGreedy,
    HillClimbing,
    Novelty,
    ParentSelector,
    Pareto,
    PowerLaw,
    Puct,
    Rank,
    Sequential,
    Tournament,
    Uniform,
    Weighted,
)
from shinka_core.population.view import NO_PARENT, PopulationView
from tests.support.chi_square import assert_drawn_like
from tests.support.generated import fewer

DRAWS = 4000
SEEDS = st.integers(0, 2**32)
ALL = [PARENTS.create(name) for name in PARENTS]
SCORES = [0.9, 0.1, 0.5, 0.7, 0.3, 0.2]


def drawn(selector: ParentSelector, view: PopulationView, draws: int = DRAWS, island: int = 0) -> Counter[int]:
    rng = np.random.default_rng(0)
    return Counter(selector.select(view, island, rng) for _ in range(draws))


def like(selector: ParentSelector, view: PopulationView, weights: Mapping[int, float]) -> None:
    """Holds draws against chances proportional to weights."""
    total = sum(weights.values())
    assert_drawn_like(drawn(selector, view), {program: weight / total for program, weight in weights.items()})


def one(selector: ParentSelector, view: PopulationView, island: int = 0, seed: int = 0) -> int:
    return selector.select(view, island, np.random.default_rng(seed))


# All of them


@pytest.mark.parametrize("selector", ALL, ids=repr)
@fewer(20, in_ci=50)
@given(view=population_views(), seed=SEEDS)
def test_the_parent_is_a_correct_program_of_the_island(
    selector: ParentSelector, view: PopulationView, seed: int
) -> None:
    for island in range(len(view.islands)):
        assert one(selector, view, island, seed) in view.fit_on(island)


# PUCT looks at children, wherever they live.
@pytest.mark.parametrize("selector", [s for s in ALL if not isinstance(s, Puct)], ids=repr)
@fewer(15, in_ci=50)
@given(view=population_views(), seed=SEEDS)
def test_what_other_islands_and_failures_are_like_does_not_matter(
    selector: ParentSelector, view: PopulationView, seed: int
) -> None:
    elsewhere = ~np.isin(np.arange(len(view)), view.fit_on(0))
    changed = replace(view, scores=np.where(elsewhere, 1e9, view.scores), children=view.children + elsewhere)
    assert one(selector, changed, 0, seed) == one(selector, view, 0, seed)


@pytest.mark.parametrize("selector", [s for s in ALL if not isinstance(s, Weighted)], ids=repr)
@fewer(15, in_ci=50)
@given(view=population_views(huge=False), seed=SEEDS)
def test_halved_scores_are_drawn_from_alike(selector: ParentSelector, view: PopulationView, seed: int) -> None:
    halved = replace(view, scores=view.scores / 2)
    assume(len(np.unique(halved.scores)) == len(np.unique(view.scores)))  # numbers that cannot be halved
    assert one(selector, halved, 0, seed) == one(selector, view, 0, seed)


@pytest.mark.parametrize("selector", [s for s in ALL if not isinstance(s, BestOfN | Sequential)], ids=repr)
def test_a_better_program_is_not_drawn_less_often(selector: ParentSelector) -> None:
    counts = drawn(selector, view_of([0.1, 0.9, 0.4, 0.5, 0.6]), 1500)
    assert counts[1] > 0.15 * 1500, "with five programs that differ in nothing but their scores"
    assert counts[1] >= counts[0] - 3 * 1500**0.5


# By formula


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0, 2.0])
def test_rank_draws_by_its_formula(power: float) -> None:
    ranked = np.argsort(SCORES)[::-1]
    like(Rank(power), view_of(SCORES), {int(p): (rank + 1) ** -power for rank, p in enumerate(ranked)})


def test_rank_gives_equals_the_mean_of_their_ranks() -> None:
    like(Rank(1.0), view_of([1.0, 2.0, 1.0, 1.0]), {1: 1.0, **dict.fromkeys([0, 2, 3], (1 / 2 + 1 / 3 + 1 / 4) / 3)})


@pytest.mark.parametrize(("alpha", "ratio"), [(1.0, 0.2), (2.0, 0.5), (0.0, 1.0)])
def test_power_law_draws_by_its_formula(alpha: float, ratio: float) -> None:
    elites = [1, 2, 4]
    chances = dict.fromkeys(range(len(SCORES)), 0.0)
    for share, pool in ((ratio, elites), (1 - ratio, list(chances))):
        ranked = sorted(pool, key=lambda program: -SCORES[program])
        total = sum((rank + 1) ** -alpha for rank in range(len(ranked)))
        for rank, program in enumerate(ranked):
            chances[program] += share * (rank + 1) ** -alpha / total
    like(PowerLaw(alpha, ratio), view_of(SCORES, elites=elites), chances)


def test_weighted_draws_by_its_formula() -> None:
    children = [0, 3, 1, 5, 0, 2]
    view = view_of(SCORES, children=children, elites=[0, 2, 3, 4])
    values = np.array(SCORES)[view.elites]
    median = np.median(values)
    weights = 1 / (1 + np.exp(-2.0 * (values - median) / np.median(np.abs(values - median))))
    like(
        Weighted(2.0),
        view,
        dict(zip(view.elites.tolist(), weights / (1 + np.array(children)[view.elites]), strict=True)),
    )


@pytest.mark.parametrize("epsilon", [0.0, 0.2, 1.0])
def test_epsilon_greedy_draws_by_its_formula(epsilon: float) -> None:
    n = len(SCORES)
    chances = dict.fromkeys(range(n), epsilon / n)
    chances[0] += 1 - epsilon
    like(EpsilonGreedy(epsilon), view_of(SCORES), chances)


@pytest.mark.parametrize("size", [1, 2, 5])
def test_tournament_draws_by_its_formula(size: int) -> None:
    n, ranked = len(SCORES), np.argsort(SCORES)[::-1]
    like(
        Tournament(size), view_of(SCORES), {int(p): (n - r) ** size - (n - r - 1) ** size for r, p in enumerate(ranked)}
    )


def test_tournament_is_fair_to_equals() -> None:
    like(Tournament(4), view_of([0.5] * 5), dict.fromkeys(range(5), 1.0))


def test_uniform_draws_alike() -> None:
    view = view_of([*SCORES, None], islands=[[1, 3, 5, 6], [0, 2, 4]])
    like(Uniform(), view, dict.fromkeys([1, 3, 5], 1.0))


def test_pareto_draws_by_how_many_instances_are_held() -> None:
    view = view_of(
        [0.5, 0.4, 0.3, 0.9],
        instance_scores=[[1, 0, 0, 0], [0, 1, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]],
    )
    like(Pareto(), view, {0: 1.0, 1: 2.0, 3: 1.0})


def test_novelty_draws_by_its_formula() -> None:
    angles = np.array([0.0, 0.1, 0.2, 1.5, 3.0])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    for nearest in (1, 2, 9):
        apart = 1 - np.cos(angles[:, np.newaxis] - angles)
        weights = [float(np.sort(np.delete(row, i))[:nearest].mean()) for i, row in enumerate(apart)]
        like(Novelty(nearest), view_of([1.0] * 5, embeddings=vectors), dict(enumerate(weights)))


# Novelty


def test_a_program_without_an_embedding_is_as_novel_as_others_on_the_whole() -> None:
    like(
        Novelty(1),
        view_of([1.0] * 4, embeddings=[[1, 0], [0.8, 0.6], [0, 0], [-1, 0]]),
        {0: 0.2, 1: 0.2, 2: (0.2 + 0.2 + 1.8) / 3, 3: 1.8},
    )


@pytest.mark.parametrize("embeddings", [None, [[0.0, 0.0]] * 4, [[0.6, 0.8]] * 4], ids=["none", "zeros", "equal"])
def test_where_nothing_tells_them_apart_novelty_draws_alike(embeddings: list[list[float]] | None) -> None:
    like(Novelty(), view_of([1.0, 2.0, 3.0, 4.0], embeddings=embeddings), dict.fromkeys(range(4), 1.0))


def test_on_a_large_island_novelty_still_favours_who_is_alone() -> None:
    rng = np.random.default_rng(0)
    crowd = np.array([1.0, 0.0, 0.0]) + 0.01 * rng.standard_normal((990, 3))
    apart = rng.standard_normal((10, 3)) - np.array([2.0, 0.0, 0.0])
    view = view_of([1.0] * 1000, embeddings=np.concatenate([crowd, apart]))
    counts = drawn(Novelty(), view, 300)
    assert sum(counts[program] for program in range(990, 1000)) > 100, "a hundredth of the island"


@fewer(20, in_ci=50)
@given(population_views(programs=15), SEEDS)
def test_scores_do_not_matter_to_novelty(view: PopulationView, seed: int) -> None:
    other = replace(view, scores=np.where(view.correct, -view.scores, view.scores))
    assert one(Novelty(), other, 0, seed) == one(Novelty(), view, 0, seed)


# Walks


@fewer(20, in_ci=50)
@given(population_views())
def test_greedy_selectors_take_the_first_best(view: PopulationView) -> None:
    for island in range(len(view.islands)):
        correct = view.fit_on(island).tolist()
        best = max(correct, key=lambda program: float(view.scores[program]))  # the first of equals
        assert one(HillClimbing(), view, island) == best
        assert one(EpsilonGreedy(0.0), view, island) == best
        assert one(BeamSearch(1), view, island) == best
        assert one(BestOfN(), view, island) == correct[0]
        assert one(Sequential(), view, island) == max(correct)


@fewer(20, in_ci=50)
@given(population_views(huge=False))
def test_sideways_the_newest_of_the_best_is_taken(view: PopulationView) -> None:
    chosen, best = one(HillClimbing(sideways=True), view), one(HillClimbing(), view)
    assert view.scores[chosen] == view.scores[best]
    later = [p for p in view.fit_on(0).tolist() if p > chosen]
    assert all(view.scores[p] < view.scores[chosen] for p in later)


def grown(selector: ParentSelector, gains: Sequence[float], proposals: int = 1) -> list[int]:
    """The parents of programs whose scores are those of their parents and the gains; several may be under way."""
    scores, parents, waiting = [0.0], [NO_PARENT], list[int]()
    for gain in [*gains, *([0.0] * proposals)]:
        children = Counter([*parents[1:], *waiting])
        view = view_of(list(scores), parents=parents, children=[children[p] for p in range(len(scores))])
        waiting.append(one(selector, view))
        if len(waiting) == proposals:
            parent = waiting.pop(0)
            parents.append(parent)
            scores.append(scores[parent] + gain)
    return parents[1 : len(gains) + 1]


def test_hill_climbing_goes_on_from_the_newest_improvement() -> None:
    assert grown(HillClimbing(), [1, -1, 0, 1, -1]) == [0, 1, 1, 1, 4]


def test_best_of_n_never_leaves_the_seed_program_and_sequential_never_stays() -> None:
    assert grown(BestOfN(), [1, 2, 3]) == [0, 0, 0]
    assert grown(Sequential(), [-1, -2, -3]) == [0, 1, 2]


def test_all_of_a_beam_are_expanded_alike_also_by_proposals_under_way() -> None:
    for proposals in (1, 4):
        parents = Counter(grown(BeamSearch(3), [-0.1, -0.2, *([-9.0] * 28)], proposals)[2:])
        assert set(parents) == {0, 1, 2}
        assert max(parents.values()) - min(parents.values()) <= proposals + 2


def test_a_newcomer_to_the_beam_catches_up_and_who_is_not_of_it_is_not_expanded() -> None:
    view = view_of([5.0, 4.0, 3.0, 2.0], children=[7, 7, 3, 0])
    assert one(BeamSearch(3), view) == 2
    assert one(BeamSearch(2), view) == 0, "the better of those with as few"
    assert one(BeamSearch(9), view) == 3


# PUCT


def puct_by_hand(view: PopulationView, island: int, c: float) -> int:
    correct = view.fit_on(island).tolist()
    scores = {p: float(view.scores[p]) for p in correct}
    low, high = min(scores.values()), max(scores.values())
    best, best_value = -1, -np.inf
    ranked = sorted(correct, key=lambda p: -scores[p])
    total = sum(int(view.children[p]) for p in correct)
    for program in correct:
        kids = [float(view.scores[k]) for k in range(len(view)) if view.parents[k] == program and view.correct[k]]
        outcome = min(max(max(kids, default=scores[program]), low), high)
        q = (outcome - low) / (high - low) if high > low else 0.0
        prior = (len(correct) - ranked.index(program)) / (len(correct) * (len(correct) + 1) / 2)
        value = q + c * prior * np.sqrt(1 + total) / (1 + int(view.children[program]))
        if value > best_value + 1e-12:
            best, best_value = program, value
    return best


@fewer(20, in_ci=50)
@given(population_views(programs=15, huge=False), st.sampled_from([0.0, 0.1, 1.0, 10.0]))
def test_puct_takes_the_largest_by_its_formula(view: PopulationView, c: float) -> None:
    for island in range(len(view.islands)):
        assert one(Puct(c), view, island) == puct_by_hand(view, island, c)


def test_puct_leaves_a_program_whose_children_disappoint() -> None:
    view = view_of([0.0, 1.0, 0.9, 0.1, 0.2], parents=[NO_PARENT, 0, 0, 1, 1])
    assert one(Puct(0.1), view) == 0, "whose best child is the best there is"
    lonely = view_of([0.0, 1.0, 0.9, 0.1, 0.2], parents=[NO_PARENT, NO_PARENT, NO_PARENT, 1, 1])
    assert one(Puct(0.1), lonely) == 2


def test_puct_spreads_proposals_under_way() -> None:
    parents = grown(Puct(1.0), [-1.0] * 20, proposals=5)
    assert len(set(parents)) > 3


# Instances


def test_without_instance_scores_pareto_takes_the_best() -> None:
    view = view_of([0.5, 0.9, 0.9], instance_scores=[[np.nan]] * 3)
    assert {one(Pareto(), view, seed=seed) for seed in range(9)} == {1}


@fewer(20, in_ci=50)
@given(population_views(), SEEDS)
def test_whoever_pareto_draws_is_best_on_an_instance(view: PopulationView, seed: int) -> None:
    correct = view.fit_on(0)
    known = view.instance_scores[correct][:, ~np.isnan(view.instance_scores[correct]).all(axis=0)]
    assume(known.size)
    parent = view.instance_scores[one(Pareto(), view, 0, seed), ~np.isnan(view.instance_scores[correct]).all(axis=0)]
    assert (parent == np.nanmax(known, axis=0)).any()


# Settings


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"name": "weighted", "sharpness": 0}, "sharpness=0"),
        ({"name": "power_law", "exploitation_ratio": 1.5}, "exploitation_ratio=1.5"),
        ({"name": "rank", "power": -1}, "power=-1"),
        ({"name": "epsilon_greedy", "epsilon": float("nan")}, "epsilon=nan"),
        ({"name": "beam_search", "beams": 0}, "beams=0"),
        ({"name": "beam_search", "num_beams": 5}, "has no parameter 'num_beams'; did you mean 'beams'"),
        ({"name": "tournament", "size": 0}, "size=0"),
        ({"name": "novelty", "nearest": 0}, "nearest=0"),
        ({"name": "puct", "exploration": -1}, "exploration=-1"),
        ("tournment", "did you mean 'tournament'"),
    ],
)
def test_a_parameter_that_cannot_be_is_named(spec: dict[str, object] | str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        PARENTS.create(spec)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("extreme", [{"name": "rank", "power": 1e308}, {"name": "puct", "exploration": 1e308}, {"name": "weighted", "sharpness": 1e308}, {"name": "power_law", "alpha": 1e308}, {"name": "novelty", "nearest": 10**9}, {"name": "beam_search", "beams": 10**9}], ids=str)  # fmt: skip
def test_extreme_parameters_are_greedy_or_take_all(extreme: dict[str, object]) -> None:
    selector = PARENTS.create(extreme)
    view = random_view(np.random.default_rng(0), 30)
    assert one(selector, view) in view.fit_on(0)
