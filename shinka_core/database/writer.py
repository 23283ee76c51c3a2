"""All writes of a run, one after another, those that wait together in one commit.

SQLite has one writer at a time. Letting a hundred generations compete for its lock costs more
than the writing; here whoever comes while a commit is under way shares the next one. A write is
durable when its `await` returns; the order in which writes are handed in is the order in which
they become durable.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Insert, Update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shinka_core.database.engine import own_words
from shinka_core.database.schema import Base
from shinka_core.errors import DatabaseError, DatabaseUnavailableError

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]


@dataclass(frozen=True, slots=True)
class Rows:
    """A statement for one row; those of a group that share their statement are executed in one go.

    Attributes:
        statement: Made once and used again, so that equal statements are the same object.
        parameters: Of this row.
    """

    statement: Insert | Update
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Batch:
    rows: tuple[Rows, ...]


logger = logging.getLogger("shinka.database")

# Of tables, so that a row comes after those it refers to.
_ORDER = {table.name: position for position, table in enumerate(Base.metadata.sorted_tables)}

PATIENCE = 180.0
PAUSE = 0.5


@dataclass(slots=True)
class _Waiting:
    """One unit of work.

    Attributes:
        unsure: It may have been committed already: the connection was lost during an attempt.
    """

    work: Work[Any] | _Batch
    done: asyncio.Future[Any]
    unsure: bool = False


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
        return await asyncio.shield(self._enter(work))

    def post(self, *rows: Rows) -> asyncio.Future[None]:
        """Writes rows without waiting: committed before, or together with, whatever is written later."""
        return self._enter(_Batch(rows))

    def _enter(self, work: Work[Any] | _Batch) -> asyncio.Future[Any]:
        waiting = _Waiting(work, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._drain is None or self._drain.done():
            self._drain = asyncio.create_task(self._commit_groups())
        return waiting.done

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
        while True:
            try:
                results = await self._commit(group)
            except DatabaseUnavailableError as error:
                if time.monotonic() >= give_up_at:
                    _settle_all(group, error)
                    return True
                if not group[0].unsure:
                    logger.warning("%s; waiting up to %g s for it", error, self.patience)
                for waiting in group:
                    waiting.unsure = True
                await asyncio.sleep(PAUSE)
            except DatabaseError as error:
                if len(group) > 1:
                    return False
                if group[0].unsure and isinstance(error.__cause__, IntegrityError):
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
        with own_words(str(self._engine.url)):
            async with self._engine.begin() as connection:
                return await _execute(connection, [waiting.work for waiting in group])


async def _execute(connection: AsyncConnection, works: list[Work[Any] | _Batch]) -> list[Any]:
    """Does the works in order; neighbours that are plain rows are merged by statement."""
    results: list[Any] = []
    merged: dict[Insert | Update, list[dict[str, Any]]] = {}

    async def flush() -> None:
        for statement in sorted(merged, key=lambda statement: _ORDER[str(statement.table)]):
            await connection.execute(statement, merged[statement])
        merged.clear()

    for work in works:
        if isinstance(work, _Batch):
            for row in work.rows:
                merged.setdefault(row.statement, []).append(row.parameters)
            results.append(None)
        else:
            await flush()
            results.append(await work(connection))
    await flush()
    return results


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
