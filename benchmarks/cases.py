"""What is measured: N generations against a model of fixed latency and an evaluator that sleeps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Case:
    """One measurement.

    Attributes:
        latency: Seconds of one model call (L).
        evaluation: Seconds that an evaluation sleeps (E).
        width: Proposal slots and evaluation slots (P = K).
        default: Part of a plain `make bench`.
        kind: Where evaluations run: `local`, each in a process of its own, or `in_process`.
    """

    name: str
    generations: int
    latency: float
    evaluation: float
    width: int
    novelty: bool = True
    default: bool = True
    faults: tuple[str, ...] = ()
    kind: str = "local"

    @property
    def options(self) -> dict[str, Any]:
        """What the drivers are told, as JSON."""
        return {
            "generations": self.generations,
            "evaluation": self.evaluation,
            "width": self.width,
            "novelty": self.novelty,
            "kind": self.kind,
        }

    @property
    def ideal(self) -> float:
        """Seconds that no scheduler can beat: the busier stage without a gap, and one of each to fill and drain.

        A refused call takes as long as an answered one and has to be repeated, so with a share r
        of refusals a proposal takes L + r/(1-r) (L + Retry-After).
        """
        refused = sum(float(fault.partition("=")[2]) for fault in self.faults)
        proposal = self.latency + refused / (1 - refused) * (self.latency + RETRY_AFTER)
        rounds = self.generations / self.width
        return max(rounds * proposal, rounds * self.evaluation) + self.latency + self.evaluation


# What the scripted model says when it refuses a call.
RETRY_AFTER = 0.2

CASES = [
    Case("balanced", 100, 2.0, 1.0, 10),
    Case("quick-no-novelty", 200, 1.0, 0.2, 20, novelty=False),
    Case("ceiling", 400, 0.05, 0.0, 20),
    Case("rate-limited", 200, 2.0, 1.0, 10, faults=("rate_limit=0.2",)),
    Case("ceiling-no-novelty", 400, 0.05, 0.0, 20, novelty=False, default=False),
    Case("ceiling-in-process", 400, 0.05, 0.0, 20, default=False, kind="in_process"),
    Case("sequential", 20, 1.0, 0.2, 1, novelty=False, default=False),
    Case("speedup-10", 200, 1.0, 0.2, 10, novelty=False, default=False),
    Case("sequential-long", 5, 10.0, 0.2, 1, novelty=False, default=False),
    Case("speedup-50", 250, 10.0, 0.2, 50, novelty=False, default=False),
    Case("wide", 400, 10.0, 5.0, 100, default=False),
    Case("long", 5000, 0.05, 0.0, 20, default=False),
]

AGAINST_PEERS = ("balanced", "quick-no-novelty", "ceiling")

# Not reported: leaves a Prefect home behind as any earlier run would.
WARM_UP = Case("warm-up", 10, 0.0, 0.0, 5)
