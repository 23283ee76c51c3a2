"""A seed program that is no use as it was evaluated is evaluated again when its evolution is taken up.

Nothing was evolved from it, and what was wrong (the evaluator, an embedding endpoint, a missing package)
has been mended by then, or fails again.
"""

from __future__ import annotations

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.rows import read_programs
from shinka_core.database.schema import GenerationRow, IslandMemberRow, ProgramRow, ProgramTextRow
from shinka_core.database.steps import REOPENED, STEP

SEED = 0


async def reopen_seed(connection: AsyncConnection, evolution: str, *, changed: bool = False) -> bool:
    """Reopens generation 0 if nothing can rest on how it ended.

    That is so when it ended without a result and no program came after it. When the seed program or the
    evaluator has `changed`, it is so as long as no program is correct: there is no score to compare with.

    Returns:
        Whether it did.
    """
    state = await connection.scalar(
        select(GenerationRow.state).where(GenerationRow.evolution == evolution, GenerationRow.number == SEED)
    )
    later, correct, oldest = (
        await connection.execute(
            select(
                func.count().filter(ProgramRow.generation > SEED),
                func.count().filter(ProgramRow.correct),
                func.min(ProgramRow.generation),
            ).where(ProgramRow.evolution == evolution)
        )
    ).one()
    mine = (ProgramRow.evolution == evolution, ProgramRow.generation == SEED)
    seed = next(iter(await read_programs(connection, *mine)), None)
    empty = not later and (seed is None or not seed.has_result)
    if state is None or not (empty or (changed and not correct)):
        return False
    if seed is not None:
        await connection.execute(
            delete(IslandMemberRow).where(IslandMemberRow.evolution == evolution, IslandMemberRow.program_id == seed.id)
        )
        if later:
            # Its children name it, so it stays, as a generation before the first.
            await connection.execute(update(ProgramRow).where(ProgramRow.id == seed.id).values(generation=oldest - 1))
        else:
            await connection.execute(delete(ProgramTextRow).where(ProgramTextRow.program_id == seed.id))
            await connection.execute(delete(ProgramRow).where(ProgramRow.id == seed.id))
    place = {"evolution": evolution, "generation": SEED, "step": REOPENED, "attempt": 0, "turn": 0}
    await connection.execute(STEP, place | {"payload": {}, "seconds": 0.0})
    await connection.execute(
        delete(GenerationRow).where(GenerationRow.evolution == evolution, GenerationRow.number == SEED)
    )
    return True
