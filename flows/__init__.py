"""Prefect flows: how the steps combine into generations, and generations into an evolution."""
