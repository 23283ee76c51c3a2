"""Errands as jobs of Slurm. A job that failed without an outcome is told from one that is lost."""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from contextlib import suppress
from pathlib import Path

from shinka_core.config import SlurmJobConfig
from shinka_core.errors import ConfigError, LaunchError
from shinka_core.launch.collect import failed
from shinka_core.launch.elsewhere.agent import ERRAND, LOG, OUTCOME, beside, hand_over
from shinka_core.launch.elsewhere.errand import Errand, Outcome, Ticket, left
from shinka_core.launch.elsewhere.slurm.commands import Commands, Seen
from shinka_core.launch.elsewhere.slurm.script import options, script
from shinka_core.launch.elsewhere.slurm.watcher import ALIVE, Watcher

logger = logging.getLogger("shinka.launch")

# Seconds between two looks for an outcome that a shared folder may show late.
LOOK_AGAIN = 0.5
# Characters of a job's log in an error.
LOG_TAIL = 1_000
# sbatch, squeue and their kind at once.
AT_ONCE = 8


class Slurm:
    """Slurm, by its commands."""

    def __init__(self, config: SlurmJobConfig) -> None:
        """Calls nothing yet."""
        self._config = config
        self._commands = Commands(config.launch_timeout)
        self._watcher = Watcher(self._commands, config.poll)
        self._calls = asyncio.Semaphore(AT_ONCE)

    async def start(self, errand: Errand, ticket: Ticket) -> None:
        """Submits a job; one that the controller took without our hearing of it is not submitted again."""
        results_dir = Path(errand.results_dir)
        for name in (OUTCOME, LOG):
            beside(results_dir, name).unlink(missing_ok=True)
        file = await asyncio.to_thread(hand_over, errand, ticket.key)
        said = script(self._config, errand, file)
        try:
            async with self._calls:
                await self._commands.call("sbatch", *options(self._config, errand), said=said)
        except LaunchError:
            with suppress(LaunchError):
                if errand.name in await self._commands.queue([errand.name]):
                    return
            file.unlink(missing_ok=True)
            raise

    async def knows(self, ticket: Ticket) -> bool:
        """Whether it is in the queue, or has left an outcome."""
        if await asyncio.to_thread(_left, ticket) is not None:
            return True
        async with self._calls:
            seen = (await self._commands.queue([ticket.name])).get(ticket.name)
        return seen is not None and seen.state in ALIVE

    async def outcome(self, ticket: Ticket) -> Outcome:
        """Waits until the job has left the queue, then for its outcome to be seen here."""
        seen = await self._watcher.end_of(ticket.name)
        until = time.monotonic() + self._config.settle
        while (found := await asyncio.to_thread(_left, ticket)) is None and time.monotonic() < until:
            if seen is not None and seen.state != "COMPLETED" and time.monotonic() > until - self._config.settle / 2:
                break  # it was ended before it could leave one
            await asyncio.sleep(LOOK_AGAIN)
        return found if found is not None else await self._without_outcome(ticket, seen)

    async def end(self, ticket: Ticket) -> None:
        """Cancels the job, and takes away what lies beside its results."""
        async with self._calls:
            seen = (await self._commands.queue([ticket.name])).get(ticket.name)
            if seen is not None and seen.state in ALIVE:
                await self._commands.call("scancel", seen.number)
        for name in (OUTCOME, ERRAND):
            beside(ticket.results_dir, name).unlink(missing_ok=True)

    async def close(self) -> None:
        """Looks at the queue no more."""
        await self._watcher.close()

    async def _without_outcome(self, ticket: Ticket, seen: Seen | None) -> Outcome:
        if seen is None:
            with suppress(LaunchError):  # there may be no accounting
                async with self._calls:
                    seen = await self._commands.ended(ticket.name)
        if seen is None:
            raise LaunchError(f"Slurm does not know the job {ticket.name} any more, and it left no outcome")
        if seen.state in ("TIMEOUT", "DEADLINE"):
            return Outcome(failed("timeout", "the evaluation took longer than Slurm allows its job (job.time)", 0.0))
        if seen.state == "OUT_OF_MEMORY":
            return Outcome(
                failed("too_much_memory", "the evaluation used more memory than Slurm allows its job (memory)", 0.0)
            )
        why = f" ({seen.reason})" if seen.reason not in ("", "None") else ""
        raise LaunchError(f"Slurm's job {seen.number} ended as {seen.state}{why} and left no outcome{_words(ticket)}")


def check_slurm() -> None:
    """Whether Slurm's commands are here.

    Raises:
        ConfigError: They are not.
    """
    missing = [name for name in ("sbatch", "squeue", "scancel") if shutil.which(name) is None]
    if missing:
        raise ConfigError(
            f"kind='slurm' (section 'job') needs Slurm's commands, and {', '.join(missing)} cannot be found; run this on a "
            "node that submits jobs, or choose kind: local"
        )


def _left(ticket: Ticket) -> Outcome | None:
    return left(beside(ticket.results_dir, OUTCOME), ticket.key)


def _words(ticket: Ticket) -> str:
    with suppress(OSError):
        told = beside(ticket.results_dir, LOG).read_text(encoding="utf-8", errors="replace").strip()[-LOG_TAIL:]
        return f":\n{told}" if told else ""
    return ""
