"""A seed program that gave no result is evaluated again when its evolution is taken up.

Nothing was evolved from it, and what was wrong (the evaluator, an embedding endpoint, a missing package)
has been mended by then, or fails again.
"""

from __future__ import annotations

from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.rows import PROGRAM_COLUMNS, program_of
from shinka_core.database.schema import ArchiveRow, GenerationRow, IslandMemberRow, ProgramRow, StepRow

SEED = 0


async def forget_failed_seed(connection: AsyncConnection, evolution: str) -> bool:
    """Reopens generation 0 if it ended without a result and no program came after it.

    Returns:
        Whether it did.
    """
    state = await connection.scalar(
        select(GenerationRow.state).where(GenerationRow.evolution == evolution, GenerationRow.number == SEED)
    )
    later = await connection.scalar(
        select(func.count()).where(ProgramRow.evolution == evolution, ProgramRow.generation != SEED)
    )
    row = (
        await connection.execute(
            select(*PROGRAM_COLUMNS).where(ProgramRow.evolution == evolution, ProgramRow.generation == SEED)
        )
    ).first()
    seed = None if row is None else program_of(row)
    if state is None or later or (seed is not None and seed.has_result):
        return False
    if seed is not None:
        for table in (ArchiveRow, IslandMemberRow):
            await connection.execute(delete(table).where(table.evolution == evolution, table.program_id == seed.id))
        await connection.execute(delete(ProgramRow).where(ProgramRow.id == seed.id))
    await connection.execute(delete(StepRow).where(StepRow.evolution == evolution, StepRow.generation == SEED))
    await connection.execute(
        delete(GenerationRow).where(GenerationRow.evolution == evolution, GenerationRow.number == SEED)
    )
    return True
