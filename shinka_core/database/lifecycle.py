"""The transactions with which an evolution begins and is taken up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.islands import FirstIslands, initial_islands
from shinka_core.database.lease import database_seconds, take
from shinka_core.database.schema import EvolutionRow, ProgramRow, now
from shinka_core.database.sessions import close_session, open_session
from shinka_core.database.taking_up import TakeUp, change
from shinka_core.errors import EvolutionExistsError


@dataclass(frozen=True, slots=True)
class Evolution:
    """What the database knows of a run as a whole.

    Attributes:
        commits: How often its rows were committed.
        language: Of its programs; "" while there is none.
    """

    name: str
    seed: int
    settings: dict[str, Any]
    commits: int = 0
    language: str = ""


async def has_evolution(connection: AsyncConnection, name: str) -> bool:
    """Whether there is an evolution of that name."""
    return await connection.scalar(select(EvolutionRow.name).where(EvolutionRow.name == name)) is not None


async def create_evolution(
    connection: AsyncConnection, name: str, mark: str, *, seed: int, settings: dict[str, Any], islands: FirstIslands
) -> None:
    """Adds an evolution that is that mark's.

    Raises:
        EvolutionExistsError: The name is taken.
    """
    owner = await connection.scalar(select(EvolutionRow.owner).where(EvolutionRow.name == name))
    if owner == mark:
        return  # it is there: the receipt of that was lost
    taken = EvolutionExistsError(
        f"evolution {name!r} is already in the database; continue it with resume (--resume), "
        "or choose another name or results folder"
    )
    if owner is not None:
        raise taken
    try:
        await connection.execute(
            insert(EvolutionRow).values(
                name=name, seed=seed, settings=settings, state="running", owner=mark, seen_at=database_seconds()
            )
        )
    except IntegrityError as error:
        raise taken from error
    await open_session(connection, name, settings)
    await initial_islands(connection, name, islands)


async def take_up_evolution(
    connection: AsyncConnection, name: str, mark: str, seen: Any, *, how: TakeUp | None, islands: FirstIslands
) -> Evolution:
    """Makes an evolution that mark's, and changes what is to be changed.

    Args:
        seen: The evolution as it was when nobody had it open.

    Raises:
        EvolutionExistsError: Another was faster.
    """
    held = (
        await connection.execute(select(EvolutionRow.owner, EvolutionRow.seen_at).where(EvolutionRow.name == name))
    ).one()
    row = await take(connection, name, mark, seen)
    seed = row.seed if how is None or how.seed is None else how.seed
    if held.owner != mark:  # otherwise the receipt of all this was lost
        await open_session(connection, name, how and how.settings, seen_at=held.seen_at)
        await change(connection, name, seed, islands, how or TakeUp())
    return Evolution(row.name, seed, row.settings, row.commits, await _language(connection, name))


async def read_evolution(connection: AsyncConnection, name: str) -> Evolution:
    """An evolution that is there, as it is."""
    row = (await connection.execute(select(EvolutionRow.__table__).where(EvolutionRow.name == name))).one()
    return Evolution(row.name, row.seed, row.settings, row.commits, await _language(connection, name))


async def _language(connection: AsyncConnection, name: str) -> str:
    query = select(func.min(ProgramRow.language)).where(ProgramRow.evolution == name)
    return await connection.scalar(query) or ""


async def end_evolution(connection: AsyncConnection, name: str, state: str) -> None:
    """Says how a run ended, and closes its session."""
    ended = update(EvolutionRow).where(EvolutionRow.name == name).values(state=state, updated_at=now())
    await connection.execute(ended)
    await close_session(connection, name)
