"""Why an evolution has no program of a generation, in words."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.schema import GenerationRow
from shinka_core.program import GenerationState


async def why_there_is_none(connection: AsyncConnection, evolution: str, which: int | str) -> str:
    """What became of the generation that was asked for by its number, or that there is no program of an id."""
    if isinstance(which, str):
        return f"evolution {evolution!r} has no program {which!r}"
    found = (
        await connection.execute(
            select(
                GenerationRow.state,
                GenerationRow.failure_step,
                GenerationRow.failure_reason,
                GenerationRow.failure_detail,
            ).where(GenerationRow.evolution == evolution, GenerationRow.number == which)
        )
    ).first()
    generation = f"generation {which} of evolution {evolution!r}"
    if found is None:
        return f"{generation} has not begun, so it has no program"
    if found.state != GenerationState.FAILED:
        return f"{generation} is under way ({found.state}), so it has no program yet"
    return f"{generation} ended without a program: {found.failure_step}: {found.failure_reason}: {found.failure_detail}"
