"""An open database, and the patience that everything has with it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shinka_core.database.address import Address
from shinka_core.database.engine import create_engine, make_file
from shinka_core.database.file_guard import FileGuard
from shinka_core.database.own_words import own_words
from shinka_core.database.prepare import prepare_schema
from shinka_core.errors import DatabaseUnavailableError

T = TypeVar("T")
logger = logging.getLogger("shinka.database")

# Seconds to wait for a database that is locked, full, restarting or out of reach, as a whole.
PATIENCE = 180.0
# Seconds between two attempts.
PAUSE = 0.5
# Seconds until a server that says nothing any more is taken for lost and asked anew. SQLite answers by itself.
SILENCE = 60.0
# Seconds for a server to take leave.
FAREWELL = 5.0


class Store:
    """An open database.

    Attributes:
        name: For messages.
        patience: Seconds to wait for it.
        given_up: It was waited for in vain: nothing is waited for again until a commit has come through.
    """

    def __init__(self, address: Address, engine: Callable[[Address], AsyncEngine] = create_engine) -> None:
        """Prepares to open it; nothing is touched yet.

        Args:
            engine: Makes the engine: one that writes, or one that can only read.

        Raises:
            DatabaseError: The driver is missing.
        """
        self.name = address.name
        self.patience = PATIENCE
        self.given_up = False
        self.engine = engine(address)
        self._file = address.file
        self._guard: FileGuard | None = None
        self._silence = SILENCE if address.file is None else None

    async def open(self) -> None:
        """Makes the file if there is none, and makes or mends the schema.

        Raises:
            SchemaVersionError: The database is newer than this version, or not ours.
            DatabaseError: It is damaged or out of reach.
        """
        if self._file is not None:
            make_file(self._file)
        await prepare_schema(self.engine, self.name)
        if self._file is not None:
            self._guard = FileGuard(self._file)

    async def close(self) -> None:
        """Gives the connections back; a server that does not answer to that is left."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._silence and FAREWELL):
                await self.engine.dispose()

    @asynccontextmanager
    async def begin(self) -> AsyncGenerator[AsyncConnection, None]:
        """A transaction: one attempt.

        Raises:
            DatabaseGoneError: The file is not there any more, and cannot be put back.
            DatabaseError: Nothing was written, unless the connection was lost while committing.
        """
        with own_words(self.name):
            async with asyncio.timeout(self._silence):
                if self._guard is not None:
                    await self._guard.see_it_is_there(self.engine)
                async with self.engine.begin() as connection:
                    yield connection

    async def read(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """What `work` reads over a connection; a database that is away is waited for.

        Raises:
            DatabaseUnavailableError: It stayed away for longer than the patience.
            DatabaseError: It cannot be read.
        """
        wait = Patience(self)
        while True:
            try:
                with own_words(self.name):
                    async with asyncio.timeout(self._silence), self.engine.connect() as connection:
                        return await work(connection)
            except DatabaseUnavailableError as error:
                await wait.after(error)


class Patience:
    """How long one outage has lasted, and whether to wait on."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._since: float | None = None

    def over(self) -> None:
        """The database is back."""
        self._since = None
        self._store.given_up = False

    async def after(self, error: DatabaseUnavailableError) -> None:
        """Waits a moment.

        Raises:
            DatabaseUnavailableError: That was long enough.
        """
        patience = self._store.patience
        if self._since is None:
            self._since = time.monotonic()
            if patience and not self._store.given_up:
                logger.warning("%s; waiting up to %g s for it", error, patience)
        waited = time.monotonic() - self._since
        if waited >= patience or self._store.given_up:
            self._store.given_up = True
            raise DatabaseUnavailableError(f"{error} (waited {waited:.0f} s for it)") from error
        await asyncio.sleep(min(PAUSE, patience - waited))
