"""What evaluators import of the systems that they were written for, where these are not installed."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

TYPE_CHECKING = False  # a type checker takes it for True; every evaluation loads this
if TYPE_CHECKING:
    from typing import Any

# Packages, and from which of their modules the class can be imported.
PLACES = {
    "openevolve": ("openevolve.evaluation_result", "openevolve.evaluator"),
    "skydiscover": (
        "skydiscover.evaluation",
        "skydiscover.evaluation.evaluation_result",
        "skydiscover.evaluation.evaluator",
    ),
}


class EvaluationResult:
    """Numbers by name, and beside them texts and bytes by name, as those packages have it.

    Attributes:
        metrics: Numbers by name, `combined_score` among them.
        artifacts: What else there is to tell, by name.
    """

    def __init__(self, metrics: dict[str, Any], artifacts: dict[str, Any] | None = None) -> None:
        self.metrics = metrics
        self.artifacts: dict[str, Any] = {} if artifacts is None else artifacts

    def __repr__(self) -> str:
        return f"EvaluationResult(metrics={self.metrics!r}, artifacts={self.artifacts!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, EvaluationResult):
            return NotImplemented
        return (self.metrics, self.artifacts) == (other.metrics, other.artifacts)

    __hash__ = None  # pyright: ignore[reportAssignmentType]

    @classmethod
    def from_dict(cls, metrics: dict[str, Any]) -> EvaluationResult:
        """Numbers alone."""
        return cls(metrics)

    def to_dict(self) -> dict[str, Any]:
        """The numbers."""
        return self.metrics

    def has_artifacts(self) -> bool:
        """Whether there is anything beside the numbers."""
        return bool(self.artifacts)


def stand_in() -> None:
    """Makes that class importable under the names of packages that are not installed; one that is stays as it is."""
    for package, places in PLACES.items():
        if importlib.util.find_spec(package) is not None:
            continue
        for path in places:
            parts = path.split(".")
            for depth in range(1, len(parts) + 1):
                _module(".".join(parts[:depth]))
            vars(sys.modules[path])["EvaluationResult"] = EvaluationResult


def _module(name: str) -> None:
    if name in sys.modules:
        return
    module = ModuleType(name)
    module.__path__ = []
    sys.modules[name] = module
    around, _, last = name.rpartition(".")
    if around:
        setattr(sys.modules[around], last, module)
