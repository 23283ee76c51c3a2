"""Transactions of what several drivers decide together: each sees what the ones before it wrote."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.store import Patience, Store
from shinka_core.errors import DatabaseUnavailableError

T = TypeVar("T")


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
                return await work(connection)
        except DatabaseUnavailableError as error:
            await wait.after(error)
