"""Names of ShinkaEvolve's functions that apply patches, each with what to use here."""

from __future__ import annotations

from shinka_core.shinkaevolve.absent import lazily

__all__: list[str] = []

_OPERATOR = "an operator applies a model's answer (shinka.operators.AskingOperator.apply)"
__getattr__ = lazily(
    "shinka.edit",
    {},
    dict.fromkeys(
        ("apply_diff_patch", "apply_full_patch", "redact_immutable", "summarize_diff", "validate_evolve_markers"),
        _OPERATOR,
    ),
)
