"""Measurements of the orchestration: `python -m benchmarks`."""
