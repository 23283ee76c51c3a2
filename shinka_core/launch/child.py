"""A process in a session of its own whose end is noticed at once, and its tree ended with it.

Started and registered without a pause in between, so that no cancellation can come between a process
and whoever is to end it. Not asyncio's own subprocess: its `wait` returns only when all pipes are closed,
and it collects the process at once, after which its number may be another's.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from shinka_core.warden.tree import kill_tree


class Child:
    """A running process.

    Attributes:
        started: On the monotonic clock.
        ended: Done once the process has ended, with the moment at which that was noticed.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        stdout: int,
        stderr: int,
        descriptors: Sequence[int],
        enter: Callable[[], None] | None,
    ) -> None:
        """Starts it.

        Args:
            descriptors: That it inherits besides the usual three.
            enter: Run in the new process before the command.

        Raises:
            OSError: It cannot be started.
            ValueError: The command cannot be one.
        """
        self.started = time.monotonic()
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            pass_fds=descriptors,
            start_new_session=True,
            preexec_fn=enter,
        )
        self.pid = self._process.pid
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[float] = self._loop.create_future()
        try:
            self._handle = os.pidfd_open(self.pid)
        except (AttributeError, OSError):
            self._handle = -1
            threading.Thread(target=self._wait, daemon=True).start()
        else:
            self._loop.add_reader(self._handle, self._end)

    def code(self) -> int:
        """The exit code of a process that has ended, negative for a signal; it stays uncollected until `end`."""
        if self._process.returncode is not None:
            return self._process.returncode
        seen = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
        if seen is None:
            raise RuntimeError(f"process {self.pid} has not ended")
        return seen.si_status if seen.si_code == os.CLD_EXITED else -seen.si_status

    async def end(self, mark: str) -> None:
        """Kills the whole tree, or what is left of it, and collects the process."""
        await asyncio.to_thread(kill_tree, self.pid, mark)
        await self.collect()

    async def collect(self) -> None:
        """Waits for the end and takes the process off the system's list."""
        await asyncio.shield(self.ended)
        self._process.wait()

    def _end(self) -> None:
        self._loop.remove_reader(self._handle)
        os.close(self._handle)
        if not self.ended.done():
            self.ended.set_result(time.monotonic())

    def _wait(self) -> None:
        """In a thread, where the kernel gives no handle on a process."""
        self._process.wait()

        def tell() -> None:
            if not self.ended.done():
                self.ended.set_result(time.monotonic())

        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(tell)
