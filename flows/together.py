"""What drivers that share an evolution do in turn: the seed programs, and what is done beside the generations."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from shinka_core.database.together import PERIODIC_STEPS, SEEDS
from shinka_core.errors import DatabaseError
from shinka_core.periodic import Resumable
from shinka_core.program import NO_GENERATION
from shinka_core.run import Run

logger = logging.getLogger("shinka.together")

# Seconds until a driver asks again whether it is its turn.
LOOK_AGAIN = 0.5
TAKE_UP = 2.0
# Seconds between two looks at how many evaluations all drivers have started.
COUNT = 1.0


@asynccontextmanager
async def turn_for_seeds(run: Run) -> AsyncGenerator[bool, None]:
    """Waits until no other driver is at the seed programs; says False when the run is stopped before.

    Whoever comes after the first one finds them evaluated.
    """
    together = run.database.together
    if together is None:
        yield True
        return
    told = False
    while (claim := await together.claims.take(SEEDS)) is None:
        if run.control.stopping:
            yield False
            return
        if not told:
            logger.info("another driver evaluates the seed program; waiting for it")
            told = True
        await asyncio.sleep(LOOK_AGAIN)
    try:
        await together.follow(thorough=True)
        await run.database.calls.load()  # what the one before was answered: it may be taken up in the middle
        yield True
    finally:
        with suppress(DatabaseError):
            await together.claims.release(claim)


@asynccontextmanager
async def turn_for_periodic_steps(run: Run, begin: Callable[[], Awaitable[None]]) -> AsyncGenerator[None, None]:
    """Has one driver of all do the periodic steps, and another when that one is gone.

    Args:
        begin: Takes them up where they stand.
    """
    together = run.database.together
    if together is None:
        await begin()
        yield
        return
    waiting = asyncio.create_task(_begin_in_turn(run, begin))
    try:
        yield
    finally:
        waiting.cancel()
        await asyncio.wait([waiting])


async def _begin_in_turn(run: Run, begin: Callable[[], Awaitable[None]]) -> None:
    together = run.database.together
    assert together is not None, "it is shared"
    known: dict[str, int] = {}
    while True:
        with suppress(DatabaseError):
            mine = await together.claims.take(PERIODIC_STEPS) is not None
            await _read_again(run, known, thorough=mine)
            if mine:
                return await begin()
        await asyncio.sleep(TAKE_UP)


async def _read_again(run: Run, known: dict[str, int], *, thorough: bool) -> None:
    """Learns what another driver's steps have written, for the proposals that are made here.

    Args:
        known: How many of each step had ended when it was last read; changed here.
        thorough: Also what a step that has not ended was answered: whoever takes it up is not to ask that again.
    """
    for named in run.periodics:
        if isinstance(named.step, Resumable):
            ended = sum(begun.ended for begun in await run.database.journal.beginnings(named.name))
            if thorough or ended != known.get(named.name, 0):
                await run.database.calls.load(NO_GENERATION)
                await named.step.open(run)
                known[named.name] = ended


@asynccontextmanager
async def counting_evaluations(run: Run) -> AsyncGenerator[None, None]:
    """Has the limit of evaluations count those of all drivers inside the block."""
    if run.database.together is None or run.settings.evolve.max_evaluations is None:
        yield
        return
    counting = asyncio.create_task(_count(run))
    try:
        yield
    finally:
        counting.cancel()
        await asyncio.wait([counting])


async def _count(run: Run) -> None:
    while True:
        with suppress(DatabaseError):
            run.limits.counted(await run.database.journal.starts())
        await asyncio.sleep(COUNT)
