"""What is measured: N generations against a model of fixed latency and an evaluator that sleeps."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """One measurement.

    Attributes:
        latency: Seconds of one model call (L).
        evaluation: Seconds that an evaluation sleeps (E).
        width: Proposal slots and evaluation slots (P = K).
        default: Part of a plain `make bench`.
    """

    name: str
    generations: int
    latency: float
    evaluation: float
    width: int
    novelty: bool = True
    default: bool = True
    faults: tuple[str, ...] = ()

    @property
    def ideal(self) -> float:
        """Seconds that no scheduler can beat: the busier stage without a gap, and one of each to fill and drain."""
        rounds = self.generations / self.width
        return max(rounds * self.latency, rounds * self.evaluation) + self.latency + self.evaluation


CASES = [
    Case("balanced", 100, 2.0, 1.0, 10),
    Case("quick-no-novelty", 200, 1.0, 0.2, 20, novelty=False),
    Case("ceiling", 400, 0.05, 0.0, 20),
    Case("ceiling-no-novelty", 400, 0.05, 0.0, 20, novelty=False),
    Case("sequential", 20, 1.0, 0.2, 1, novelty=False),
    Case("wide", 400, 10.0, 5.0, 100),
    Case("speedup-50", 250, 10.0, 0.2, 50, novelty=False, default=False),
    Case("rate-limited", 200, 1.0, 0.2, 20, faults=("rate_limit=0.2",)),
    Case("long", 5000, 0.05, 0.0, 20, default=False),
]
