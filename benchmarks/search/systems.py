"""What is compared, by name: baselines and simulations in this process, whole runs in their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from benchmarks.search import mutation, parts
from benchmarks.search.baselines import run_baseline
from benchmarks.search.evaluation import scorer
from benchmarks.search.simulation import Rules, simulate
from benchmarks.search.tasks import Task
from benchmarks.search.trace import Trace
from benchmarks.search.variants import ISLANDS, OFF, VARIANTS
from benchmarks.search.whole import Whole, run_whole
from shinka_core.config import TuningSettings


class System(Protocol):
    """One row of a table."""

    def run(self, name: str, task: Task, seed: int, evaluations: int) -> Trace:
        """One run, with that name in its trace."""
        ...


@dataclass(frozen=True)
class SeedProgram:
    """No search: what there is before any."""

    def run(self, name: str, task: Task, seed: int, evaluations: int) -> Trace:
        del evaluations
        trace = Trace(name, task.name, seed)
        score, error = task.measured(task.initial)
        trace.add(score, error is None, task.initial)
        return trace


@dataclass(frozen=True)
class Baseline:
    """One of `baselines.py`, by its name."""

    kind: str

    def run(self, name: str, task: Task, seed: int, evaluations: int) -> Trace:
        trace = run_baseline(self.kind, scorer(task.name), seed, mutation.propose, evaluations, mutation.P_UNUSABLE)
        trace.system = name
        return trace


@dataclass(frozen=True)
class Simulated:
    """Our own search in this process, with settings of the section `database` over the defaults, and its tuning."""

    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    tuning: TuningSettings | None = field(default_factory=TuningSettings)
    refuse_copies: bool = True

    def run(self, name: str, task: Task, seed: int, evaluations: int) -> Trace:
        rules = Rules(evaluations=evaluations, unusable=mutation.P_UNUSABLE, refuse_copies=self.refuse_copies)
        return simulate(
            scorer(task.name), seed, mutation.propose, self.settings, rules=rules, name=name, tuning=self.tuning
        )


@dataclass(frozen=True)
class Run:
    """A whole run: its own process, its own prompts."""

    system: Whole

    def run(self, name: str, task: Task, seed: int, evaluations: int) -> Trace:
        return run_whole(self.system, name, task, seed, evaluations)


BASELINES = {
    "seed-program": SeedProgram(),
    "best-of-n": Baseline("best-of-n"),
    "uniform": Baseline("uniform"),
    "hill-climbing": Baseline("hill-climbing"),
    "hill-climbing-inspired": Baseline("hill-climbing-inspired"),
}
PEERS = {
    "shinka": Run(Whole("shinka")),
    "shinka-novelty": Run(Whole("shinka", {"novelty": True})),
    "openevolve": Run(Whole("openevolve")),
}
# Ours, and its tuner without any model, which is a baseline too.
OURS = {"ours": Run(Whole("ours")), "tuner": Run(Whole("ours", parts.TUNER))}
# Ours with one part other than by default.
PARTS = {name: Run(Whole("ours", settings)) for name, settings in parts.PARTS.items()}
# The defaults first, then what else they might be.
SIMULATED = (
    {
        "simulated": Simulated(),
        "without-tuning": Simulated(tuning=None),
        "evaluates-copies": Simulated(refuse_copies=False),
    }
    | {name: Simulated(settings) for name, settings in (ISLANDS | OFF).items()}
    | {name: Simulated(settings, tuning=None) for name, settings in VARIANTS.items()}
)

SYSTEMS: dict[str, System] = {**BASELINES, **OURS, **PARTS, **SIMULATED, **PEERS}
