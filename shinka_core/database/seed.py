"""A seed program that is no use as it was evaluated is evaluated again when its evolution is taken up.

Nothing was evolved from it, and what was wrong (the evaluator, an embedding endpoint, a missing package)
has been mended by then, or fails again.
"""

from __future__ import annotations

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.journal import FINAL
from shinka_core.database.rows import read_programs
from shinka_core.database.schema import GenerationRow, IslandMemberRow, ProgramRow, ProgramTextRow
from shinka_core.database.steps import REOPENED, STEP
from shinka_core.program import Program

SEED = 0


async def reopen_seeds(
    connection: AsyncConnection, evolution: str, *, changed: bool = False, given: int = 1, written: bool = False
) -> bool:
    """Reopens generation 0, and those of other programs that were given, if nothing can rest on how they ended.

    That is so when they ended without a result and no program came after them. When the seed program or the
    evaluator has `changed`, it is so as long as no program is correct: there is no score to compare with. Once
    programs came after them, that is generation 0 alone.

    Args:
        given: Generations of programs that were given, or stand in the place of one.
        written: A model writes generation 0: what it has answered counts as long as that is not over.

    Returns:
        Whether it did.
    """
    rows = await connection.execute(
        select(GenerationRow.number, GenerationRow.state).where(
            GenerationRow.evolution == evolution, GenerationRow.number >= SEED, GenerationRow.number < given
        )
    )
    states: dict[int, str] = {row.number: row.state for row in rows}
    later, correct, oldest = (
        await connection.execute(
            select(
                func.count().filter(ProgramRow.generation >= given),
                func.count().filter(ProgramRow.correct),
                func.min(ProgramRow.generation),
            ).where(ProgramRow.evolution == evolution)
        )
    ).one()
    mine = (ProgramRow.evolution == evolution, ProgramRow.generation >= SEED, ProgramRow.generation < given)
    seeds = {program.generation: program for program in await read_programs(connection, *mine)}
    empty = not later and not any(seed.has_result for seed in seeds.values())
    if SEED not in states or not (empty or (changed and not correct)):
        return False
    done = False
    for number in sorted(states) if not later else [SEED]:
        over = states[number] in FINAL or (number == SEED and not written)
        if changed or over:
            await _reopen(connection, evolution, number, seeds.get(number), oldest - 1 if later else None)
            done = True
    return done


async def _reopen(
    connection: AsyncConnection, evolution: str, number: int, seed: Program | None, place: int | None
) -> None:
    """Lets a generation begin anew.

    Args:
        seed: Its program, which goes.
        place: The generation that it goes to instead, when others name it.
    """
    if seed is not None:
        await connection.execute(
            delete(IslandMemberRow).where(IslandMemberRow.evolution == evolution, IslandMemberRow.program_id == seed.id)
        )
        if place is not None:
            # Its children name it, so it stays, as a generation before the first.
            await connection.execute(update(ProgramRow).where(ProgramRow.id == seed.id).values(generation=place))
        else:
            await connection.execute(delete(ProgramTextRow).where(ProgramTextRow.program_id == seed.id))
            await connection.execute(delete(ProgramRow).where(ProgramRow.id == seed.id))
    row = {"evolution": evolution, "generation": number, "step": REOPENED, "attempt": 0, "turn": 0}
    await connection.execute(STEP, row | {"payload": {}, "seconds": 0.0})
    await connection.execute(
        delete(GenerationRow).where(GenerationRow.evolution == evolution, GenerationRow.number == number)
    )
