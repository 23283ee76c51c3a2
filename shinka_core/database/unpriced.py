"""Calls whose cost nobody knows, counted."""

from __future__ import annotations

from sqlalchemy import func

from shinka_core.database.schema import ModelCallRow

UNPRICED = func.count().filter(ModelCallRow.cost.is_(None))
