"""What Prometheus reads of the runs of a process: figures that the runs have anyway, looked up when it asks.

Asked for by another thread than the runs': everything here is read in one step and nothing is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from flows.metrics.loop_lag import LoopLag
from shinka_core.control import RunState
from shinka_core.model_address import shown_model
from shinka_core.run import Run
from shinka_core.slots import Slots
from shinka_core.tally import Spread

# What Prometheus reads as one series: labels beside the run's own, and the value.
Sample = tuple[Sequence[str], float]


@dataclass(frozen=True, eq=False, slots=True)
class Measured:
    """A run, and how late its event loop is."""

    run: Run
    lag: LoopLag


Reading = Callable[[Measured], Iterator[Sample]]


class RunsCollector(Collector):
    """The figures of some runs."""

    def __init__(self) -> None:
        self._runs: tuple[Measured, ...] = ()

    def add(self, one: Measured) -> None:
        """Has a run read from now on."""
        self._runs = (*self._runs, one)

    def remove(self, one: Measured) -> None:
        """Has it read no more."""
        self._runs = tuple(other for other in self._runs if other is not one)

    def collect(self) -> Iterable[Metric]:
        """What there is to read now."""
        runs = self._runs
        for name, text, labels, of in COUNTERS:
            family = CounterMetricFamily(name, text, labels=("evolution", *labels))
            yield _filled(family, runs, of)
        for name, text, labels, of in GAUGES:
            family = GaugeMetricFamily(name, text, labels=("evolution", *labels))
            yield _filled(family, runs, of)
        for name, text, of in HISTOGRAMS:
            family = HistogramMetricFamily(name, text, labels=("evolution",))
            for one in runs:
                spread = of(one)
                family.add_metric((one.run.evolution,), _buckets(spread), sum_value=spread.total)
            yield family


def _filled(family: CounterMetricFamily | GaugeMetricFamily, runs: Sequence[Measured], of: Reading) -> Metric:
    for one in runs:
        for labels, value in of(one):
            family.add_metric((one.run.evolution, *labels), value)
    return family


def _buckets(spread: Spread) -> list[tuple[str, float]]:
    """As Prometheus counts them: all values up to each bound."""
    found: list[tuple[str, float]] = []
    sofar = 0
    for bound, count in zip((*spread.bounds, float("inf")), tuple(spread.counts), strict=True):
        sofar += count
        found.append(("+Inf" if bound == float("inf") else str(bound), sofar))
    return found


def _generations(one: Measured) -> Iterator[Sample]:
    for (outcome, island), count in one.run.tally.generations.copy().items():
        yield (outcome, "" if island < 0 else str(island)), count


def _failures(one: Measured) -> Iterator[Sample]:
    yield from one.run.tally.failures.copy().items()


def _calls(one: Measured) -> Iterator[Sample]:
    for (model, purpose, status), count in one.run.tally.calls.copy().items():
        yield (shown_model(model), purpose, status), count


def _tokens(one: Measured) -> Iterator[Sample]:
    for (model, kind), count in one.run.tally.tokens.copy().items():
        yield (shown_model(model), kind), count


def _dollars(one: Measured) -> Iterator[Sample]:
    for model, dollars in one.run.tally.dollars.copy().items():
        yield (shown_model(model),), dollars


def _unpriced(one: Measured) -> Iterator[Sample]:
    for model, count in one.run.tally.unpriced.copy().items():
        yield (shown_model(model),), count


def _trials(one: Measured) -> Iterator[Sample]:
    yield (), one.run.tally.trials


def _started(one: Measured) -> Iterator[Sample]:
    yield (), one.run.limits.evaluations


def _commits(one: Measured) -> Iterator[Sample]:
    yield (), one.run.database.journal.commits


def _planned(one: Measured) -> Iterator[Sample]:
    yield (), one.run.progress.total


def _best(one: Measured) -> Iterator[Sample]:
    if (best := one.run.progress.best_score) is not None:
        yield (), best


def _budget(one: Measured) -> Iterator[Sample]:
    if (limit := one.run.budget.limit) is not None:
        yield (), limit


def _reserved(one: Measured) -> Iterator[Sample]:
    yield (), one.run.budget.committed


def _state(one: Measured) -> Iterator[Sample]:
    now = one.run.control.state
    for state in RunState:
        yield (state.value,), float(state is now)


def _slots(one: Measured) -> Iterator[Sample]:
    yield from (((name,), slots.count) for name, slots in _all_slots(one.run))


def _held(one: Measured) -> Iterator[Sample]:
    yield from (((name,), slots.held) for name, slots in _all_slots(one.run))


def _waiting(one: Measured) -> Iterator[Sample]:
    yield from (((name,), slots.waiting) for name, slots in _all_slots(one.run))
    yield ("writes",), one.run.database.journal.waiting_writes


def _overdue(one: Measured) -> Iterator[Sample]:
    yield (), one.lag.overdue


def _all_slots(run: Run) -> Iterator[tuple[str, Slots]]:
    yield from ((slots.name, slots) for slots in (run.generations, run.proposals, run.evaluations))
    yield from ((f"stage:{slots.name}", slots) for slots in run.stage_slots)


COUNTERS: tuple[tuple[str, str, tuple[str, ...], Reading], ...] = (
    (
        "shinka_generations",
        "Generations that have ended, seed programs among them.",
        ("outcome", "island"),
        _generations,
    ),
    ("shinka_failures", "Generations that ended without a program.", ("step", "reason", "blame"), _failures),
    ("shinka_evaluations_started", "Starts of the evaluator: stages, repeats and trials each count.", (), _started),
    ("shinka_trials", "Evaluations on the way to candidates that have ended.", (), _trials),
    ("shinka_model_calls", "Calls of models.", ("model", "purpose", "status"), _calls),
    ("shinka_model_tokens", "Tokens; cached ones are input as well.", ("model", "kind"), _tokens),
    ("shinka_model_dollars", "US dollars of all calls whose cost is known, failed ones too.", ("model",), _dollars),
    ("shinka_model_calls_unpriced", "Calls whose cost nobody knows.", ("model",), _unpriced),
    ("shinka_commits", "Commits to the program database by this process.", (), _commits),
)
GAUGES: tuple[tuple[str, str, tuple[str, ...], Reading], ...] = (
    ("shinka_generations_planned", "Generations to reach, the seed program not counted.", (), _planned),
    ("shinka_best_score", "Best score of a correct program.", (), _best),
    ("shinka_budget_dollars", "max_api_costs, where it is set.", (), _budget),
    ("shinka_reserved_dollars", "Set aside for calls in flight, where there is a budget.", (), _reserved),
    ("shinka_state", "1 for what the run is doing.", ("state",), _state),
    ("shinka_slots", "Places for what is in flight.", ("of",), _slots),
    ("shinka_slots_held", "Places that are taken.", ("of",), _held),
    ("shinka_waiting", "How many wait for a place, or writes for the next commit.", ("of",), _waiting),
    ("shinka_event_loop_overdue_seconds", "For how long the event loop has stood still by now.", (), _overdue),
)
HISTOGRAMS: tuple[tuple[str, str, Callable[[Measured], Spread]], ...] = (
    ("shinka_evaluation_seconds", "Evaluations of recorded programs.", lambda one: one.run.tally.seconds),
    (
        "shinka_event_loop_lag_seconds",
        "Lateness of the event loop, looked at four times a second.",
        lambda one: one.lag.spread,
    ),
)
