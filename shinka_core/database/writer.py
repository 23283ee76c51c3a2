"""All writes of a run, one after another, those that wait together in one commit.

SQLite has one writer at a time. Letting a hundred generations compete for its lock costs more
than the writing; here whoever comes while a commit is under way shares the next one. A write is
durable when its `await` returns.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shinka_core.database.engine import explain
from shinka_core.errors import ShinkaError

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]


@dataclass(slots=True)
class _Waiting:
    work: Work[Any]
    done: asyncio.Future[Any]


class Writer:
    """Runs units of work in transactions, grouped."""

    def __init__(self, engine: AsyncEngine) -> None:
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
            if not await self._commit(group):
                for waiting in group:  # one at a time, to tell the bad one from the others
                    await self._commit([waiting])

    async def _commit(self, group: list[_Waiting]) -> bool:
        """Commits the group, or returns False when one of several has to be found guilty."""
        try:
            async with self._engine.begin() as connection:
                results = [await waiting.work(connection) for waiting in group]
        except (SQLAlchemyError, OSError, ShinkaError) as error:
            told = explain(error, str(self._engine.url)) if not isinstance(error, ShinkaError) else error
            if len(group) > 1 and not told.retryable:
                return False
            for waiting in group:
                _settle(waiting.done, error=told)
            return True
        except BaseException as error:
            for waiting in group:
                _settle(waiting.done, error=error)
            raise
        for waiting, result in zip(group, results, strict=True):
            _settle(waiting.done, result=result)
        return True


def _settle(future: asyncio.Future[Any], *, result: Any = None, error: BaseException | None = None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
        future.exception()  # seen: a cancelled caller will not ask for it
