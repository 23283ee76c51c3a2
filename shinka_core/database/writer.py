"""All writes of a run, one after another, those that wait together in one commit.

SQLite has one writer at a time. Letting a hundred generations compete for its lock costs more
than the writing; here whoever comes while a commit is under way shares the next one. A write is
durable when its `await` returns; the order in which writes are handed in is the order in which
they become durable.

A row that cannot be stored fails alone, whatever is wrong with it: its neighbours are written one by one.
Every commit is signed by the owner of the evolution (`lease.py`), so that a commit whose receipt was lost is
known to be there, and an owner that was taken for gone writes nothing more.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from cachetools import LRUCache
from sqlalchemy import Insert, Update
from sqlalchemy.ext.asyncio import AsyncConnection

from shinka_core.database.schema import Base
from shinka_core.database.store import Patience, Store
from shinka_core.errors import (
    DatabaseError,
    DatabaseGoneError,
    DatabaseUnavailableError,
    OwnershipLostError,
    ShinkaError,
)

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]
logger = logging.getLogger("shinka.database")

# Names of rows that are known to be there.
REMEMBERED = 10_000
# Of tables, so that a row comes after those it refers to.
_ORDER = {table.name: position for position, table in enumerate(Base.metadata.sorted_tables)}


class Signature(Protocol):
    """What every commit is signed with: a `Lease`, or a `SharedLease`."""

    async def sign(self, connection: AsyncConnection, *, in_doubt: bool) -> bool:
        """Signs the commit that is being made; True when it was committed by the try before."""
        ...

    def signed(self) -> None:
        """It is durable."""
        ...


@dataclass(frozen=True, slots=True)
class Rows:
    """A statement for one row; those of a group that share their statement are executed in one go.

    Attributes:
        statement: Made once and used again, so that equal statements are the same object.
        parameters: Of this row.
        once: Names what is in it, where the same row may be handed in again and is there already.
    """

    statement: Insert | Update
    parameters: dict[str, Any]
    once: str = ""


@dataclass(frozen=True, slots=True)
class _Batch:
    rows: tuple[Rows, ...]


@dataclass(slots=True)
class _Waiting:
    """One unit of work."""

    work: Work[Any] | _Batch
    done: asyncio.Future[Any]


@dataclass(slots=True)
class _Attempt:
    """The commit of a group.

    Attributes:
        results: What the works returned, once all of them were done; a commit was tried then.
    """

    group: list[_Waiting]
    results: list[Any] | None = field(default=None)


class Writer:
    """Runs units of work in transactions, grouped.

    Attributes:
        lost: Why nothing is written any more: the file is gone, or the evolution is another's.
        last_commit: When that was, by `time.monotonic`.
        commits: Of this process so far.
    """

    def __init__(self, store: Store) -> None:
        self.lost: DatabaseUnavailableError | None = None
        self.last_commit = time.monotonic()
        self.commits = 0
        self._store = store
        self._lease: Signature | None = None
        self._patience = Patience(store)
        self._waiting: list[_Waiting] = []
        self._drain: asyncio.Task[None] | None = None
        self._there = LRUCache[str, None](maxsize=REMEMBERED)
        self._when_lost: list[Callable[[DatabaseUnavailableError], None]] = []

    @property
    def waiting(self) -> int:
        """Units of work that were handed in and are in no commit yet."""
        return len(self._waiting)

    def bind(self, lease: Signature) -> None:
        """Signs every commit from now on with that lease."""
        self._lease = lease

    def when_lost(self, tell: Callable[[DatabaseUnavailableError], None]) -> None:
        """Has `tell` called once when nothing can be written any more."""
        self._when_lost.append(tell)

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
        return self._enter(_Batch(tuple(row for row in rows if not row.once or row.once not in self._there)))

    def _enter(self, work: Work[Any] | _Batch) -> asyncio.Future[Any]:
        waiting = _Waiting(work, asyncio.get_running_loop().create_future())
        if self.lost is not None:
            _settle(waiting.done, error=self.lost)
            return waiting.done
        self._waiting.append(waiting)
        if self._drain is None or self._drain.done():
            self._drain = asyncio.create_task(self._commit_groups())
        return waiting.done

    async def close(self) -> None:
        """Waits for the writes under way; what became of them is told to those who wait for them."""
        if self._drain is not None:
            await asyncio.wait([self._drain])

    async def _commit_groups(self) -> None:
        group: list[_Waiting] = []
        try:
            while self._waiting:
                group, self._waiting = self._waiting, []
                if not await self._commit_patiently(group):
                    for waiting in group:  # one at a time, to tell the bad one from the others
                        await self._commit_patiently([waiting])
        except BaseException as error:  # cancelled, with its event loop
            _settle_all([*group, *self._waiting], error)
            self._waiting = []
            raise

    async def _commit_patiently(self, group: list[_Waiting]) -> bool:
        """Waits for a database that is away; returns False when one of several has to be found guilty.

        Here and not in the tasks' retries, because a task would repeat what it did before it
        wrote: ask a model again, whose answer is at this moment only in memory.
        """
        attempt = _Attempt(group)
        while True:
            try:
                await self._commit(attempt)
            except (DatabaseGoneError, OwnershipLostError) as error:
                self._lose(error)
                _settle_all(group, error)
                return True
            except DatabaseUnavailableError as error:
                try:
                    await self._patience.after(error)
                except DatabaseUnavailableError as enough:
                    _settle_all(group, enough)
                    return True
            except Exception as error:  # noqa: BLE001 - whatever is wrong with one row is no fault of the others
                if len(group) > 1:
                    return False
                _settle_all(group, self._explained(error))
                return True
            else:
                self._patience.over()
                self.last_commit = time.monotonic()
                self.commits += 1
                for waiting, result in zip(group, attempt.results or [], strict=True):
                    if isinstance(waiting.work, _Batch):
                        self._there.update((row.once, None) for row in waiting.work.rows if row.once)
                    _settle(waiting.done, result=result)
                return True

    async def _commit(self, attempt: _Attempt) -> None:
        """One try; on return the results are there and durable."""
        lease = self._lease
        async with self._store.begin() as connection:
            there = False
            if lease is not None:
                there = await lease.sign(connection, in_doubt=attempt.results is not None)
            if not there:
                attempt.results = None
                attempt.results = await _execute(connection, [waiting.work for waiting in attempt.group])
        if lease is not None:
            lease.signed()

    def _lose(self, error: DatabaseUnavailableError) -> None:
        if self.lost is not None:
            return
        self.lost = error
        logger.error("%s", error)
        for tell in self._when_lost:
            tell(error)

    def _explained(self, error: Exception) -> ShinkaError:
        if isinstance(error, ShinkaError):
            return error
        explained = DatabaseError(f"{self._store.name} cannot store this ({type(error).__name__}: {str(error)[:300]})")
        explained.__cause__ = error
        return explained


async def _execute(connection: AsyncConnection, works: list[Work[Any] | _Batch]) -> list[Any]:
    """Does the works in order; neighbours that are plain rows are merged by statement."""
    results: list[Any] = []
    plain: list[Rows] = []
    for work in works:
        if isinstance(work, _Batch):
            plain.extend(work.rows)
            results.append(None)
        else:
            await execute_rows(connection, plain)
            plain.clear()
            results.append(await work(connection))
    await execute_rows(connection, plain)
    return results


async def execute_rows(connection: AsyncConnection, rows: Iterable[Rows]) -> None:
    """Executes rows in as few statements as there are different ones, each after those that it refers to."""
    merged: dict[Insert | Update, list[dict[str, Any]]] = {}
    for row in rows:
        merged.setdefault(row.statement, []).append(row.parameters)
    for statement in sorted(merged, key=lambda statement: _ORDER[str(statement.table)]):
        await connection.execute(statement, merged[statement])


def _settle_all(group: list[_Waiting], error: BaseException) -> None:
    for waiting in group:
        _settle(waiting.done, error=error)


def _settle(future: asyncio.Future[Any], *, result: Any = None, error: BaseException | None = None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    elif isinstance(error, asyncio.CancelledError):
        future.cancel()
    else:
        future.set_exception(error)
        future.exception()  # seen: a cancelled caller will not ask for it
