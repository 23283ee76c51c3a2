"""How proposals are made: one operator a file.

Operators that ask a model are `diff`, `full`, `cross` and `fix`; `mutate` and `tune` need none, and
`mutate` answers in a model's place as `builtin/mutate` too.
"""

from __future__ import annotations

from shinka_core.config import BUILTIN_MUTATE
from shinka_core.llm.question import Provider
from shinka_core.operators.bootstrap import Bootstrap
from shinka_core.operators.chosen import ALONE, CROSS, FIX, Operators
from shinka_core.operators.cross import Cross
from shinka_core.operators.diff import Diff
from shinka_core.operators.fix import Fix
from shinka_core.operators.full import Full
from shinka_core.operators.mutate import Mutate
from shinka_core.operators.mutation_model import MutationModel
from shinka_core.operators.protocol import (
    OPERATORS,
    AskingOperator,
    Bench,
    Operator,
    ProposingOperator,
    asks,
)
from shinka_core.operators.tune import NAME as TUNE
from shinka_core.operators.tune import Tune

__all__ = [
    "ALONE",
    "CROSS",
    "FIX",
    "OPERATORS",
    "TUNE",
    "AskingOperator",
    "Bench",
    "Bootstrap",
    "Cross",
    "Diff",
    "Fix",
    "Full",
    "Mutate",
    "MutationModel",
    "Operator",
    "Operators",
    "ProposingOperator",
    "Tune",
    "asks",
    "builtin_operators",
]


def builtin_operators() -> dict[str, Provider]:
    """Every operator that answers in a model's place, by the name that settings use."""
    return {BUILTIN_MUTATE: MutationModel()}
