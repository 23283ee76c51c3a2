"""What evaluators import: it runs inside the evaluation, so it loads the standard library alone."""

from shinka_core.evaluation.harness import run_shinka_eval
from shinka_core.evaluation.judging import run_judge

__all__ = ["run_judge", "run_shinka_eval"]
