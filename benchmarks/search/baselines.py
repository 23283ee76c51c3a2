"""What any search has to beat: the same mutation model and the same evaluations, with next to no search.

Four evaluations are in flight, as in the whole runs; what fails is no parent.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from benchmarks.search.evaluation import Scorer
from benchmarks.search.simulation import Propose
from benchmarks.search.trace import Trace

IN_FLIGHT = 4
# Of the best of which one is shown, beside the second best.
GOOD = 12


@dataclass(frozen=True, slots=True, order=True)
class Scored:
    """A correct program; the earlier of equals is the larger.

    Attributes:
        age: The negative place in the order of evaluations.
    """

    score: float
    age: int
    text: str = field(compare=False)


Choose = Callable[[random.Random, list[Scored]], tuple[str, list[str]]]


def best_of_n(rng: random.Random, known: list[Scored]) -> tuple[str, list[str]]:
    """Always the seed program, alone."""
    return known[0].text, []


def hill_climbing(rng: random.Random, known: list[Scored]) -> tuple[str, list[str]]:
    """The best program, alone: a (1 + 1) hill climber."""
    return max(known).text, []


def hill_climbing_inspired(rng: random.Random, known: list[Scored]) -> tuple[str, list[str]]:
    """The best program, shown with the second best and one of the good."""
    best, *others = sorted(known, reverse=True)
    shown = others[:1] + ([rng.choice(others[1:GOOD])] if len(others) > 1 else [])
    return best.text, [other.text for other in shown]


def uniform(rng: random.Random, known: list[Scored]) -> tuple[str, list[str]]:
    """Any program, shown with any two."""
    return rng.choice(known).text, [other.text for other in rng.sample(known, min(2, len(known)))]


BASELINES: dict[str, Choose] = {
    "best-of-n": best_of_n,
    "uniform": uniform,
    "hill-climbing": hill_climbing,
    "hill-climbing-inspired": hill_climbing_inspired,
}


def run_baseline(
    name: str, scorer: Scorer, seed: int, propose: Propose, evaluations: int, unusable: float = 0.04
) -> Trace:
    """One run of a baseline."""
    rng = random.Random(f"{name}|{scorer.task.name}|{seed}")
    trace, known, flight = Trace(name, scorer.task.name, seed), list[Scored](), list[str]()

    def land(text: str) -> None:
        result = scorer.evaluate(text)
        trace.add(result.score, result.correct, text)
        if result.correct:
            known.append(Scored(result.score, -len(trace), text))

    land(scorer.task.initial)
    while len(trace) < evaluations:
        parent, others = BASELINES[name](rng, known)
        trace.calls += 1
        text, _ = propose(rng, parent, others, False)
        if rng.random() < unusable:
            continue
        flight.append(text)
        if len(flight) >= IN_FLIGHT:
            land(flight.pop(0))
    return trace
