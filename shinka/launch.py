"""Where evaluations run."""

from shinka_core.config import JobConfig, LocalJobConfig, Stage

__all__ = ["JobConfig", "LocalJobConfig", "Stage"]
