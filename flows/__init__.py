"""Prefect flows: how the steps combine into generations, and generations into an evolution."""

from flows.orchestrator.profile import apply_profile

apply_profile()
