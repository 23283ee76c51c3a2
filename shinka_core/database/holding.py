"""An evolution that is this process's alone, as long as it gives signs of life."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from functools import partial

from shinka_core.database import lease
from shinka_core.database.lease import Lease, release
from shinka_core.database.lifecycle import end_evolution
from shinka_core.database.store import Store
from shinka_core.database.writer import Writer
from shinka_core.errors import DatabaseError


class Alone:
    """Signs of life, and the end of it."""

    def __init__(self, store: Store, writer: Writer, held: Lease) -> None:
        """Signs every commit from here on, and gives signs of life between them."""
        self._store = store
        self._writer = writer
        self._held = held
        writer.bind(held)
        self._beats = asyncio.create_task(beat(writer))

    async def finish(self, state: str) -> None:
        """Says how the run ended."""
        await self._writer.write(partial(end_evolution, name=self._held.evolution, state=state))

    async def stop(self) -> None:
        """Gives no signs of life any more."""
        self._beats.cancel()

    async def give_back(self) -> None:
        """Lets another take the evolution up at once; without that it has to wait for our silence."""
        await release(self._store, self._held.evolution, self._held.mark)


async def beat(writer: Writer) -> None:
    """Gives signs of life while there is nothing else to write; after a long sleep the first one tells who owns it."""
    while writer.lost is None:
        await asyncio.sleep(lease.BEAT)
        if time.monotonic() - writer.last_commit >= lease.BEAT:
            with suppress(DatabaseError):
                await writer.post()
