"""Transactions of what several drivers decide together: each sees what the ones before it wrote."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.store import Patience, Store
from shinka_core.errors import DatabaseUnavailableError

T = TypeVar("T")

# How long a transaction may be without a word of its driver: one that is cut off holds the others up no longer.
CUT_OFF = "5s"
_LET_GO = text(f"SELECT set_config('idle_in_transaction_session_timeout', '{CUT_OFF}', true)")


class Writes(Protocol):
    """Runs a unit of work in a transaction: a driver's `Writer`, or `Separately`."""

    async def write(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """What the work returns, once it is committed."""
        ...


class Separately:
    """Runs each unit of work in a transaction of its own, for who has no writer."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def write(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """What the work returns, once it is committed."""
        return await transact(self._store, work)


async def transact(store: Store, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
    """Runs `work` in a transaction of its own; a database that is away is waited for.

    Raises:
        DatabaseUnavailableError: It stayed away for longer than the patience.
        DatabaseError: Nothing was written.
    """
    wait = Patience(store)
    while True:
        try:
            async with store.begin() as connection:
                if connection.dialect.name == "sqlite":
                    # Before anything is read: what was read would be old when it is written.
                    await connection.exec_driver_sql("BEGIN IMMEDIATE")
                else:
                    await connection.execute(_LET_GO)
                return await work(connection)
        except DatabaseUnavailableError as error:
            await wait.after(error)
