"""Which periodic steps have begun and ended: rows among the steps of generations, though they belong to none."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.schema import StepRow, table_of
from shinka_core.database.writer import Writer
from shinka_core.program import NO_GENERATION

PERIODIC = "periodic:"
# Turns of a step at a number.
BEGUN, ENDED = 0, 1

_TURNS = select(StepRow.turn, StepRow.payload)


@dataclass(frozen=True, slots=True)
class Beginning:
    """A periodic step that was begun.

    Attributes:
        recorded: At how many recorded programs.
        ended: Whether it is known to have ended; only those that are taken up again say so.
        problem: Why it came to nothing; "" when it did not.
    """

    recorded: int
    ended: bool = False
    problem: str = ""


def _row(evolution: str, name: str, recorded: int, turn: int, **payload: str) -> dict[str, object]:
    return {
        "evolution": evolution,
        "generation": NO_GENERATION,
        "step": f"{PERIODIC}{name}",
        "attempt": recorded,
        "turn": turn,
        "payload": payload,
        "seconds": 0.0,
    }


async def begin_periodic(writer: Writer, evolution: str, name: str, recorded: int, *, again: bool = False) -> bool:
    """Notes that a periodic step is begun at so many recorded programs; False when it was before, by any process.

    Args:
        again: One that has begun and is not known to have ended may begin once more.
    """
    mark = uuid.uuid4().hex  # whose row it is, where the receipt of the commit was lost
    place = (
        StepRow.evolution == evolution,
        StepRow.generation == NO_GENERATION,
        StepRow.step == f"{PERIODIC}{name}",
        StepRow.attempt == recorded,
    )
    row = _row(evolution, name, recorded, BEGUN, mark=mark)

    async def begin(connection: AsyncConnection) -> bool:
        turns = {row.turn: row.payload for row in await connection.execute(_TURNS.where(*place))}
        if not turns:
            await connection.execute(insert(table_of(StepRow)), row)
            return True
        return turns[BEGUN]["mark"] == mark or (again and ENDED not in turns)

    return await writer.write(begin)


async def end_periodic(writer: Writer, evolution: str, name: str, recorded: int, problem: str = "") -> None:
    """Notes that a periodic step has ended; the last word counts.

    Args:
        problem: Why it came to nothing.
    """
    row = _row(evolution, name, recorded, ENDED, problem=problem)

    async def end(connection: AsyncConnection) -> None:
        await connection.execute(insert(table_of(StepRow)), row)

    await writer.write(end)


async def read_beginnings(connection: AsyncConnection, evolution: str, name: str) -> list[Beginning]:
    """All that have begun under a name, by number."""
    rows = await connection.execute(
        select(StepRow.attempt, StepRow.turn, StepRow.payload)
        .where(
            StepRow.evolution == evolution,
            StepRow.generation == NO_GENERATION,
            StepRow.step == f"{PERIODIC}{name}",
        )
        .order_by(StepRow.attempt, StepRow.turn, StepRow.id)
    )
    found: dict[int, Beginning] = {}
    for recorded, turn, payload in rows:
        found[recorded] = Beginning(recorded, turn == ENDED, payload.get("problem", ""))
    return list(found.values())
