"""Calls of models whose price nobody knows: what they cost is unknown, and not nothing."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.schema import ModelCallRow, SessionRow
from shinka_core.llm.prices import KEPT

# Of a model whose price nobody knows, calls that may have cost something.
UNPRICED = func.count().filter(ModelCallRow.cost == 0, ModelCallRow.input_tokens + ModelCallRow.output_tokens > 0)


async def models_without_price(connection: AsyncConnection, evolution: str) -> set[str]:
    """Those that any session asked without knowing what they cost."""
    kept = await connection.scalars(select(SessionRow.settings).where(SessionRow.evolution == evolution))
    prices: list[dict[str, Any]] = [settings.get(KEPT) or {} for settings in kept]
    return {model for known in prices for model, price in known.items() if price is None}
