"""Figures of runs for Prometheus: read when they are asked for, from what the runs have at hand anyway."""

from flows.metrics.measured import measured

__all__ = ["measured"]
