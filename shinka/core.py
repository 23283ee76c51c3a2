"""What evaluators import: `from shinka.core import run_shinka_eval`."""

from shinka_core.evaluation import run_shinka_eval

__all__ = ["run_shinka_eval"]
