"""A SQLite file that is removed while it is written: SQLite would go on in it, and all would be lost in the end."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from shinka_core.errors import DatabaseGoneError

logger = logging.getLogger("shinka.database")

# What SQLite keeps beside a database: all of it holds rows.
BESIDE = ("-wal", "-shm", "-journal")


class FileGuard:
    """Knows which file was opened, and puts it back when it is missing."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._opened = _identity(file)
        self._rescuing = asyncio.Lock()

    async def see_it_is_there(self, engine: AsyncEngine) -> None:
        """Puts the file back if it was removed: the open connections still have all of it.

        Raises:
            DatabaseGoneError: Another file is in its place, or it cannot be put back.
        """
        if _identity(self._file) == self._opened:
            return
        async with self._rescuing:
            found = _identity(self._file)
            if found == self._opened:
                return
            if found is not None:
                copy = await self._save(engine, self._file.with_name(f"{self._file.name}.{int(time.time())}"))
                raise DatabaseGoneError(
                    f"database {self._file} was replaced by another file while it was written; what this run had "
                    f"stored is in {copy.name} beside it: put that back in its place to resume the run"
                )
            await self._save(engine, self._file)
            self._opened = _identity(self._file)
            logger.warning(
                "database %s was removed while the run was writing it; it was put back with everything in it. "
                "Find out who removes it: a cleaner of temporary files, perhaps",
                self._file,
            )

    async def _save(self, engine: AsyncEngine, place: Path) -> Path:
        """Copies what the open connections see to a file of that name."""
        part = place.with_name(f"{place.name}.part")
        try:
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            part.unlink(missing_ok=True)
            os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))  # private, and VACUUM takes an empty one
            async with engine.connect() as connection:
                await connection.exec_driver_sql("VACUUM INTO ?", (str(part),))
            # Before the new file is there: a connection that is closed tidies up what has the names of its own log.
            await engine.dispose()
            for end in BESIDE:
                Path(f"{place}{end}").unlink(missing_ok=True)
            part.rename(place)
        except (OSError, SQLAlchemyError) as error:
            raise DatabaseGoneError(
                f"database {self._file} was removed while the run was writing it, and cannot be put back ({error}); "
                "what was not copied elsewhere is lost"
            ) from error
        return place


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(file)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino
