"""Runs that are looked at: read when they have changed, once for all who ask."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from shinka_core.database.reader import EvolutionReader
from shinka_core.errors import DatabaseError
from shinka_core.report.build import Place
from shinka_core.report.collect import collect
from shinka_core.report.details import details

# Seconds between two looks at whether anything was committed; and the part of the time that reading may take.
LOOK = 2.0
SHARE = 0.2


class Watched:
    """One run.

    Attributes:
        version: Grows whenever there is more to be read.
    """

    def __init__(self, reader: EvolutionReader) -> None:
        self.version = 0
        self._reader = reader
        self._mark: tuple[str, int] | None = None
        self._lock = asyncio.Lock()
        self._read: tuple[int, bytes] = (-1, b"")
        self._took = 0.0

    async def look(self) -> bool:
        """Whether it has changed since the last look."""
        mark = await self._reader.chronicle.state()
        changed, self._mark = mark != self._mark, mark
        self.version += changed
        return changed

    @property
    def pause(self) -> float:
        """Seconds after which reading it again costs no more than its share of the time."""
        return self._took / SHARE

    async def whole(self) -> bytes:
        """All but the texts, as JSON."""
        async with self._lock:
            version = self.version
            if self._read[0] != version:
                began = time.monotonic()
                found = await collect(self._reader)
                text = await asyncio.to_thread(json.dumps, found, allow_nan=False, separators=(",", ":"))
                self._read = (version, text.encode("ascii"))
                self._took = time.monotonic() - began
            return self._read[1]

    async def details(self, generation: int) -> dict[str, Any]:
        """The texts of a generation."""
        return await details(self._reader, generation)


class Watching:
    """Several runs, and the news of them."""

    def __init__(self, runs: Sequence[Watched]) -> None:
        self.runs = runs
        self._news = asyncio.Condition()
        self._version = 0

    async def look_again_and_again(self) -> None:
        """Looks for news until it is cancelled; a database that is away for a while has none."""
        while True:
            try:
                if any([await run.look() for run in self.runs]):
                    async with self._news:
                        self._version += 1
                        self._news.notify_all()
            except DatabaseError:
                pass
            await asyncio.sleep(max(LOOK, *(run.pause for run in self.runs)))

    async def news(self, beat: float = 15.0) -> AsyncGenerator[bytes, None]:
        """Server-sent events: `more` at once and whenever there is, and a sign of life in between."""
        known = -1
        while True:
            try:
                known = await asyncio.wait_for(self._later_than(known), beat)
            except TimeoutError:
                yield b": still here\n\n"
            else:
                yield f"event: more\ndata: {known}\n\n".encode()

    async def _later_than(self, known: int) -> int:
        async with self._news:
            await self._news.wait_for(lambda: self._version != known)
            return self._version


@asynccontextmanager
async def watched(places: Sequence[Place]) -> AsyncGenerator[Watching, None]:
    """Opens runs to be looked at while the block lasts.

    Raises:
        DatabaseError: One cannot be read.
    """
    async with AsyncExitStack() as stack:
        runs = [Watched(await stack.enter_async_context(EvolutionReader.open(one.where, one.name))) for one in places]
        for run in runs:
            await run.look()
        looking = asyncio.create_task(Watching.look_again_and_again(watching := Watching(runs)))
        try:
            yield watching
        finally:
            looking.cancel()
            await asyncio.wait([looking])
