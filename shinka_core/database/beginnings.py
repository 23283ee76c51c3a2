"""Which periodic steps have begun: rows among the steps of generations, though they belong to none."""

from __future__ import annotations

import uuid

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.schema import StepRow, table_of
from shinka_core.database.writer import Writer

# In the place of a generation's number.
NO_GENERATION = -2_000_000_000
PERIODIC = "periodic:"


async def begin_periodic(writer: Writer, evolution: str, name: str, recorded: int) -> bool:
    """Notes that a periodic step is begun at so many recorded programs; False when it was before, by any process."""
    mark = uuid.uuid4().hex  # whose row it is, where the receipt of the commit was lost
    place = (
        StepRow.evolution == evolution,
        StepRow.generation == NO_GENERATION,
        StepRow.step == f"{PERIODIC}{name}",
        StepRow.attempt == recorded,
    )
    row = {
        "evolution": evolution,
        "generation": NO_GENERATION,
        "step": f"{PERIODIC}{name}",
        "attempt": recorded,
        "turn": 0,
        "payload": {"mark": mark},
        "seconds": 0.0,
    }

    async def begin(connection: AsyncConnection) -> bool:
        there = await connection.scalar(select(StepRow.payload).where(*place))
        if there is None:
            await connection.execute(insert(table_of(StepRow)), row)
        return there is None or there["mark"] == mark

    return await writer.write(begin)
