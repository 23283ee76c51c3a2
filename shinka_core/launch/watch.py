"""The driver's side of the warden: telling it of evaluations, and hearing how they ended."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from shinka_core.launch.limits import Limits
from shinka_core.warden.tree import has_proc

logger = logging.getLogger("shinka.launch")

_ROOT = str(Path(__file__).resolve().parents[2])
# Isolated and without site-packages, so that it starts in a hundredth of a second; our own folder comes last. Where
# there is no /proc it needs psutil from there.
_COMMAND = (
    *(sys.executable, "-I", *(["-S"] if has_proc() else []), "-c"),
    f"import sys; sys.path.append({_ROOT!r}); from shinka_core.warden.main import main; main()",
)
# A warden that somebody ends is replaced, but not without end.
MOST_WARDENS = 5


@dataclass(frozen=True, slots=True)
class Report:
    """How an evaluation ended.

    Attributes:
        passed: The limit that it was ended for, or "" when it ended by itself.
        seconds: From its start to its end.
    """

    passed: str
    seconds: float


class Watch:
    """All evaluations of one launcher; the warden runs from the first of them on."""

    def __init__(self, limits: Limits | None) -> None:
        """Nothing is started yet."""
        self._memory = str(limits.memory if limits else "inf")
        self._processes = str(limits.processes if limits else "inf")
        self._warden: subprocess.Popen[bytes] | None = None
        self._started = 0
        self._lines: dict[int, str] = {}
        self._reports: dict[int, asyncio.Future[Report]] = {}
        self._unread = b""

    def begin(self, pid: int, started: float, mark: str, time_limit: float | None) -> asyncio.Future[Report]:
        """Has an evaluation watched from now on; the future is done once it has ended.

        Args:
            started: On the monotonic clock.
            time_limit: Seconds from then on, or None.
        """
        future: asyncio.Future[Report] = asyncio.get_running_loop().create_future()
        self._reports[pid] = future
        self._lines[pid] = f"watch {pid} {started!r} {'inf' if time_limit is None else repr(time_limit)} {mark}\n"
        if self._warden is None:
            self._start()
        else:
            self._say(self._lines[pid])
        return future

    def forget(self, pid: int) -> None:
        """Has this one, and what it may have left behind, watched no longer."""
        self._lines.pop(pid, None)
        self._say(f"forget {pid}\n")
        future = self._reports.pop(pid, None)
        if future is not None:
            future.cancel()

    async def close(self) -> None:
        """Ends the warden."""
        warden, self._warden = self._warden, None
        if warden is None:
            return
        assert warden.stdin is not None
        assert warden.stdout is not None
        asyncio.get_running_loop().remove_reader(warden.stdout.fileno())
        with suppress(OSError):
            warden.stdin.close()
        warden.stdout.close()
        await asyncio.to_thread(warden.wait)

    def _start(self) -> None:
        """Starts a warden and tells it of all that is to be watched; without one the driver's own clock has to do."""
        self._started += 1
        try:
            warden = subprocess.Popen(
                [*_COMMAND, self._memory, self._processes],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
            )
        except OSError as error:
            logger.warning("evaluations are not watched from outside this process: %s", error)
            return
        assert warden.stdin is not None
        assert warden.stdout is not None
        os.set_blocking(warden.stdout.fileno(), False)
        self._warden, self._unread = warden, b""
        asyncio.get_running_loop().add_reader(warden.stdout.fileno(), self._hear)
        for line in list(self._lines.values()):
            self._say(line)

    def _say(self, line: str) -> None:
        if self._warden is None or self._warden.stdin is None:
            return
        with suppress(OSError):  # it is gone, which its other end tells
            self._warden.stdin.write(line.encode())

    def _hear(self) -> None:
        assert self._warden is not None
        assert self._warden.stdout is not None
        heard = self._warden.stdout.read(65_536)
        if heard is None:
            return
        if not heard:
            self._lost()
            return
        *lines, self._unread = (self._unread + heard).split(b"\n")
        for line in lines:
            pid, reason, seconds = line.decode().split()
            self._lines.pop(int(pid), None)
            future = self._reports.pop(int(pid), None)
            if future is not None and not future.done():
                future.set_result(Report("" if reason == "ended" else reason, float(seconds)))

    def _lost(self) -> None:
        assert self._warden is not None
        assert self._warden.stdout is not None
        asyncio.get_running_loop().remove_reader(self._warden.stdout.fileno())
        self._warden.stdout.close()
        self._warden.poll()
        self._warden = None
        if self._started < MOST_WARDENS:
            self._start()
