"""Waiting until it is certain that nobody has an evolution open, which others may have that cannot be seen from here."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from shinka_core.database import drivers, lease
from shinka_core.database.ownership import SHARED, holder, is_about_to_share
from shinka_core.database.store import Store
from shinka_core.errors import DatabaseError, EvolutionExistsError, EvolutionTakenMeanwhileError

logger = logging.getLogger("shinka.database")


async def wait_until_free(store: Store, evolution: str) -> Any:
    """Waits until it is certain that nobody has the evolution open.

    Returns:
        What `look` saw then.

    Raises:
        DatabaseError: There is no such evolution.
        EvolutionExistsError: Another has it open.
    """

    async def seen() -> Any:
        row = await store.read(lambda connection: lease.look(connection, evolution))
        if row is None:
            raise DatabaseError(f"there is no evolution {evolution!r} to resume; start it without resume first")
        return row

    first = await seen()
    if first.owner == SHARED:
        return await _until_left(store, evolution, first)
    who = holder(first.owner)
    if who is None:
        return first
    if who.certain:
        raise EvolutionExistsError(
            f"evolution {evolution!r} is being run by {who.words}; stop that, or wait for its end"
        )
    # A clock that was set back makes a silence of less than nothing: then the whole time is waited out.
    left = lease.SILENT - max(first.silent, 0.0)
    if left > 0:
        logger.warning(
            "evolution %r was being run by %s, which cannot be seen from here; waiting %.0f s for a sign of life of it",
            evolution, who.words, left,
        )  # fmt: skip
    until = time.monotonic() + left
    while time.monotonic() < until:
        await asyncio.sleep(min(lease.LOOK_AGAIN, left))
        again = await seen()
        if not again.owner:
            return again
        if again.owner == SHARED or is_about_to_share(again.owner):
            raise EvolutionTakenMeanwhileError(
                f"evolution {evolution!r} was taken up by several drivers; join them (--join)"
            )
        if (again.owner, again.commits) != (first.owner, first.commits):
            raise EvolutionExistsError(
                f"evolution {evolution!r} is being run by {who.words}, which has just given a sign of life; stop that, "
                "or wait for its end"
            )
    return first


async def _until_left(store: Store, evolution: str, seen: Any) -> Any:
    """Waits until all of the drivers that shared it are gone, of whom it may only be heard."""
    while True:
        present = await store.read(lambda connection: drivers.read_present(connection, evolution))
        if not present.words:
            return await store.read(lambda connection: lease.look(connection, evolution)) or seen
        if present.certain:
            raise EvolutionExistsError(
                f"evolution {evolution!r} is being run by {present.words}; take part in it (--join), or wait for their end"
            )
        left = drivers.LEASE - present.silent
        logger.warning(
            "evolution %r was being run by %s; waiting %.0f s for a sign of life of them",
            evolution,
            present.words,
            left,
        )
        await asyncio.sleep(left)
