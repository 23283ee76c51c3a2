"""One look at the queue for all jobs of a driver, and who waits for one of them."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter

from shinka_core.errors import LaunchError
from shinka_core.launch.elsewhere.slurm.commands import Commands, Seen

logger = logging.getLogger("shinka.launch")

# Of a job that may still come to something.
ALIVE = frozenset({
    "PENDING", "CONFIGURING", "RUNNING", "SUSPENDED", "STOPPED", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "RESIZING",
    "SIGNALING", "SPECIAL_EXIT", "STAGE_OUT", "RESV_DEL_HOLD", "EXPEDITING",
})  # fmt: skip
# Looks in a row without an answer after which that is told.
SILENT = 3
# In which a new job may not be in the queue yet, in looks.
UNSEEN = 3


class Watcher:
    """Looks at the queue now and then, for as long as somebody waits."""

    def __init__(self, commands: Commands, every: float) -> None:
        """Does not look yet.

        Args:
            every: Seconds between two looks.
        """
        self._commands = commands
        self._every = every
        self._waiting: dict[str, asyncio.Future[Seen | None]] = {}
        self._unseen: Counter[str] = Counter()
        self._looking: asyncio.Task[None] | None = None
        self._reasons: set[str] = set()
        self.looked = asyncio.Condition()

    async def end_of(self, name: str) -> Seen | None:
        """Waits until a job has left the queue; what was seen of it last, or None when it is not known any more."""
        future = self._waiting.get(name)
        if future is None:
            future = self._waiting[name] = asyncio.get_running_loop().create_future()
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            return await asyncio.shield(future)
        finally:
            self._waiting.pop(name, None)
            self._unseen.pop(name, None)

    async def close(self) -> None:
        """Looks no more."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])

    async def _look(self) -> None:
        silent = 0
        while self._waiting:
            await asyncio.sleep(self._every)
            try:
                queue = await self._commands.queue()
            except LaunchError as error:
                silent += 1
                if silent == SILENT:
                    logger.warning("Slurm does not answer; its jobs go on and are waited for: %s", error)
                continue
            if silent >= SILENT:
                logger.warning("Slurm answers again")
            silent = 0
            self._tell(queue)

    def _tell(self, queue: dict[str, Seen]) -> None:
        for name, future in list(self._waiting.items()):
            seen = queue.get(name)
            if seen is None:
                self._unseen[name] += 1
                if self._unseen[name] < UNSEEN:
                    continue
            elif seen.state in ALIVE:
                self._tell_why(seen)
                continue
            if not future.done():
                future.set_result(seen)

    def _tell_why(self, seen: Seen) -> None:
        """Says once why jobs wait, where that is no usual queue."""
        if seen.state == "PENDING" and seen.reason not in {*self._reasons, "None", "Priority", "Resources", ""}:
            self._reasons.add(seen.reason)
            logger.warning("evaluations wait in Slurm's queue: %s (job %s)", seen.reason, seen.number)
