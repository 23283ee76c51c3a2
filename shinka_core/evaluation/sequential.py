"""Whether the runs that are still to be made would decide anything: the early stop of `run_shinka_eval`.

The rules are those of `repeats` (`shinka_core/evaluating/early_stop.py`): they ask whether the mean of all runs would be
above the threshold, given those that are made.
"""

from __future__ import annotations

from typing import Any

from shinka_core.evaluating.early_stop import EarlyStop, Rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

RULES: dict[str, Rule] = {
    "bayesian": "bayesian", "ci": "confidence_interval", "confidence_interval": "confidence_interval", "hybrid": "hybrid",
}  # fmt: skip
# Of ShinkaEvolve's, by name.
PROBABILITY, CONFIDENCE, LEAST = "prob_cutoff", "ci_confidence", "min_trials"


class Sequential:
    """The scores so far, and what they say."""

    def __init__(
        self,
        method: Any,
        threshold: float,
        score_fn: Callable[[Any], float] | None,
        kwargs: dict[str, Any],
        runs: int,
    ) -> None:
        """Reads the arguments.

        Args:
            method: The name of a rule, or an object whose `check(scores, threshold)` has `should_stop`.
            runs: That would be made in all.

        Raises:
            ValueError: An argument is unknown or out of range.
        """
        unknown = sorted(set(kwargs) - {PROBABILITY, CONFIDENCE, LEAST})
        if unknown:
            raise ValueError(f"early_stop_kwargs has {unknown}; known: {PROBABILITY}, {CONFIDENCE}, {LEAST}")
        try:
            self._threshold = float(threshold)
        except (TypeError, ValueError) as error:
            raise ValueError(f"early_stop_threshold={threshold!r} is no number") from error
        self._score_fn, self._runs = score_fn, runs
        self._own: Any = None if isinstance(method, str) else method
        self.name = method.lower() if isinstance(method, str) else str(getattr(method, "name", type(method).__name__))
        cutoff = 1.0 - kwargs.get(CONFIDENCE, 0.9) if RULES.get(self.name) == "confidence_interval" else 0.05
        confidence = 1.0 - kwargs.get(PROBABILITY, cutoff)
        if not 0.5 < confidence < 1:
            raise ValueError(f"early_stop_kwargs={kwargs}: a stop wants a confidence above 0.5 and below 1")
        self._rule = EarlyStop(RULES.get(self.name, "none"), kwargs.get(LEAST, 3), confidence)
        self._scores: list[float] = []
        self._stopped = False

    def settled(self, result: Any) -> bool:
        """Whether no more runs are needed after this one."""
        score = self._score(result)
        if score is None:
            return False
        self._scores.append(score)
        if self._own is not None:
            self._stopped = bool(self._own.check(list(self._scores), self._threshold).should_stop)
        elif len(self._scores) < self._runs:
            self._stopped = self._rule.settled(self._scores, self._runs, self._threshold)
        return self._stopped

    def told(self, made: int) -> dict[str, Any]:
        """What the metrics say of it.

        Args:
            made: Runs.
        """
        mean = sum(self._scores) / len(self._scores) if self._scores else 0.0
        side = "beats" if mean > self._threshold else "fails"
        return {
            "method": self.name,
            "threshold": self._threshold,
            "triggered": self._stopped,
            "runs_completed": made,
            "runs_requested": self._runs,
            "prediction": side if self._stopped else "uncertain",
            "scores": list(self._scores),
        }

    def _score(self, result: Any) -> float | None:
        """Of one run; one that has none says nothing."""
        try:
            if self._score_fn is not None:
                return float(self._score_fn(result))
            return float(result["score"] if isinstance(result, dict) else result)  # pyright: ignore[reportUnknownArgumentType]
        except Exception as failure:  # noqa: BLE001 - whatever the evaluator's function raises
            print(f"early stop: a run has no score ({type(failure).__name__}: {failure})")  # noqa: T201 - for the log
            return None
