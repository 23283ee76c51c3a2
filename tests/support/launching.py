"""Requests for evaluations as the settings of a local launcher make them."""

from __future__ import annotations

from pathlib import Path

from shinka_core.launch import EvaluationRequest, LocalLauncher, Terms
from shinka_core.launch.terms import AS_SET


def asked(launcher: LocalLauncher, program: Path, results: Path, terms: Terms = AS_SET) -> EvaluationRequest:
    """The request that a run with that launcher would make."""
    return EvaluationRequest.of(launcher._config, program, results, terms)  # pyright: ignore[reportPrivateUsage]
