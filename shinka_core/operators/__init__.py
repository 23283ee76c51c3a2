"""Classical variation operators behind the same interface as models."""

from __future__ import annotations

from shinka_core.config import BUILTIN_MUTATE
from shinka_core.llm.question import Provider
from shinka_core.operators.mutate import MutationOperator

__all__ = ["MutationOperator", "builtin_operators"]


def builtin_operators() -> dict[str, Provider]:
    """Every built-in operator by the name that settings use."""
    return {BUILTIN_MUTATE: MutationOperator()}
