"""All writes of a run, one after another, those that wait together in one commit.

SQLite has one writer at a time. Letting a hundred generations compete for its lock costs more
than the writing; here whoever comes while a commit is under way shares the next one. A write is
durable when its `await` returns.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shinka_core.database.engine import explain
from shinka_core.errors import DatabaseError, DatabaseUnavailableError

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]

logger = logging.getLogger("shinka.database")

PATIENCE = 180.0
PAUSE = 0.5


@dataclass(slots=True)
class _Waiting:
    work: Work[Any]
    done: asyncio.Future[Any]


class Writer:
    """Runs units of work in transactions, grouped.

    Attributes:
        patience: Seconds to wait for a database that is locked, full or restarting.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self.patience = PATIENCE
        self._engine = engine
        self._waiting: list[_Waiting] = []
        self._drain: asyncio.Task[None] | None = None

    async def write(self, work: Work[T]) -> T:
        """Runs `work` in a transaction and returns what it returns, once it is committed.

        The work may be run a second time when another of its group failed, so it must not have
        effects outside the database. A caller that is cancelled does not take the write with it.

        Raises:
            DatabaseError: The work or the commit failed; nothing of it was written.
        """
        waiting = _Waiting(work, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._drain is None or self._drain.done():
            self._drain = asyncio.create_task(self._commit_groups())
        return await asyncio.shield(waiting.done)

    async def close(self) -> None:
        """Waits for the writes under way."""
        if self._drain is not None:
            await self._drain

    async def _commit_groups(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            if not await self._commit_patiently(group):
                for waiting in group:  # one at a time, to tell the bad one from the others
                    await self._commit_patiently([waiting])

    async def _commit_patiently(self, group: list[_Waiting]) -> bool:
        """Waits for a database that is away; returns False when one of several has to be found guilty.

        Here and not in the tasks' retries, because a task would repeat what it did before it
        wrote: ask a model again, whose answer is at this moment only in memory.
        """
        give_up_at = time.monotonic() + self.patience
        again = False
        while True:
            try:
                results = await self._commit(group)
            except DatabaseUnavailableError as error:
                if time.monotonic() >= give_up_at:
                    _settle_all(group, error)
                    return True
                if not again:
                    logger.warning("%s; waiting up to %g s for it", error, self.patience)
                again = True
                await asyncio.sleep(PAUSE)
            except DatabaseError as error:
                if len(group) > 1:
                    return False
                if again and isinstance(error.__cause__, IntegrityError):
                    # The connection was lost after the commit and before its receipt.
                    _settle(group[0].done)
                    return True
                _settle_all(group, error)
                return True
            except BaseException as error:
                _settle_all(group, error)
                raise
            else:
                for waiting, result in zip(group, results, strict=True):
                    _settle(waiting.done, result=result)
                return True

    async def _commit(self, group: list[_Waiting]) -> list[Any]:
        try:
            async with self._engine.begin() as connection:
                return [await waiting.work(connection) for waiting in group]
        except (SQLAlchemyError, OSError) as error:
            raise explain(error, str(self._engine.url)) from error


def _settle_all(group: list[_Waiting], error: BaseException) -> None:
    for waiting in group:
        _settle(waiting.done, error=error)


def _settle(future: asyncio.Future[Any], *, result: Any = None, error: BaseException | None = None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
        future.exception()  # seen: a cancelled caller will not ask for it
