"""Prefect flows: how the steps combine into generations, and generations into an evolution."""

from shinka_core.own_packages import stand_apart

stand_apart()  # a script's own `tasks` must not stand in the way of ours
