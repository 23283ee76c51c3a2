"""Where evaluations run."""

from shinka_core.config import JobConfig, LocalJobConfig

__all__ = ["JobConfig", "LocalJobConfig"]
