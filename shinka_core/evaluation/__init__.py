"""What evaluators import: it runs inside the evaluation, so it loads the standard library alone."""

from shinka_core.evaluation.harness import run_shinka_eval

__all__ = ["run_shinka_eval"]
