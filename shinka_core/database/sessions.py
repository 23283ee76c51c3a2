"""Sessions: each process that had an evolution open, since when, until when, and with which settings."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.lease import database_seconds
from shinka_core.database.schema import GenerationRow, SessionRow
from shinka_core.database.steps import STEP
from shinka_core.database.values import ENDED
from shinka_core.program import NO_GENERATION

# In the place of a step, in the row that says where a session begins.
SESSION = "session"


async def open_session(
    connection: AsyncConnection, evolution: str, settings: dict[str, Any] | None, *, seen_at: float = 0.0
) -> int:
    """Adds a session; the one before it ended, at the latest, with its last sign of life.

    Args:
        settings: None for those of the session before.
        seen_at: When the owner before this one last gave a sign of life, in seconds since 1970.

    Returns:
        The number of the session, from 1.
    """
    last = (
        await connection.execute(
            select(SessionRow.number, SessionRow.settings, SessionRow.began_at, SessionRow.ended_at)
            .where(SessionRow.evolution == evolution)
            .order_by(SessionRow.number.desc())
            .limit(1)
        )
    ).first()
    number = 1
    if last is not None:
        number = last.number + 1
        settings = last.settings if settings is None else settings
        if last.ended_at is None:
            ended = max(last.began_at, seen_at or await _last_step(connection, evolution))
            await _end(connection, evolution, last.number, ended)
    await connection.execute(
        insert(SessionRow).values(
            evolution=evolution, number=number, settings=settings or {}, began_at=database_seconds()
        )
    )
    if number > 1:
        await connection.execute(STEP, await _beginning(connection, evolution, number))
    return number


async def _beginning(connection: AsyncConnection, evolution: str, number: int) -> dict[str, Any]:
    """The row among the steps that says where in their order a session begins, and how many generations had ended."""
    ended = await connection.scalar(
        select(func.max(GenerationRow.sequence)).where(GenerationRow.evolution == evolution)
    )
    return {
        "evolution": evolution,
        "generation": NO_GENERATION,
        "step": SESSION,
        "attempt": number,
        "turn": 0,
        "payload": {ENDED: ended or 0},
        "seconds": 0.0,
    }


async def kept_settings(connection: AsyncConnection, evolution: str) -> dict[str, Any] | None:
    """Those of the last session; None when there was none."""
    query = select(SessionRow.settings).where(SessionRow.evolution == evolution)
    return await connection.scalar(query.order_by(SessionRow.number.desc()).limit(1))


async def close_session(connection: AsyncConnection, evolution: str) -> None:
    """Says that the session under way has ended."""
    number = await connection.scalar(
        select(func.max(SessionRow.number)).where(SessionRow.evolution == evolution, SessionRow.ended_at.is_(None))
    )
    if number is not None:
        await _end(connection, evolution, number, database_seconds())


async def seconds_before(connection: AsyncConnection, evolution: str, *, under_way: bool = False) -> float:
    """Seconds of all sessions that have ended.

    Args:
        under_way: Count the one that goes on, up to now, as well.
    """
    ended = func.coalesce(SessionRow.ended_at, database_seconds()) if under_way else SessionRow.ended_at
    rows = await connection.execute(
        select(SessionRow.began_at, ended).where(SessionRow.evolution == evolution, ended.is_not(None))
    )
    return sum(max(0.0, ended - began) for began, ended in rows)


async def _last_step(connection: AsyncConnection, evolution: str) -> float:
    wrote = await connection.scalar(
        select(func.max(GenerationRow.updated_at)).where(GenerationRow.evolution == evolution)
    )
    # SQLite does not keep the zone, which is ours.
    return 0.0 if wrote is None else wrote.replace(tzinfo=wrote.tzinfo or UTC).timestamp()


async def _end(connection: AsyncConnection, evolution: str, number: int, moment: float | database_seconds) -> None:
    await connection.execute(
        update(SessionRow).where(SessionRow.evolution == evolution, SessionRow.number == number).values(ended_at=moment)
    )
