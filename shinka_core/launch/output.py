"""Keeping what an evaluation prints, without letting it fill memory or disk."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress

PIECE = 65_536


class BoundedOutput:
    """The beginning and the end of a stream; the middle of a long one is dropped."""

    def __init__(self, limit: int) -> None:
        """Keeps at most `limit` bytes, half from either end."""
        self._half = limit // 2
        self._head = bytearray()
        self._tail = bytearray()
        self._dropped = 0

    def write(self, data: bytes) -> None:
        """Takes more of the stream."""
        room = self._half - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        self._tail += data
        if len(self._tail) > 2 * self._half:
            self._shorten()

    def text(self) -> str:
        """What was kept, as text."""
        if len(self._tail) > self._half:
            self._shorten()
        gap = f"\n[{self._dropped} bytes left out]\n".encode() if self._dropped else b""
        return (bytes(self._head) + gap + bytes(self._tail)).decode("utf-8", errors="replace")

    def _shorten(self) -> None:
        surplus = len(self._tail) - self._half
        self._dropped += surplus
        del self._tail[:surplus]


class OutputPipe:
    """A pipe that a process writes to and that is read into a `BoundedOutput`.

    Closed when the process has ended, whether or not a stray child still holds its other end.
    """

    def __init__(self, limit: int) -> None:
        """Opens the pipe; `write_end` is for the process."""
        self.output = BoundedOutput(limit)
        self._read_end, self.write_end = os.pipe()
        os.set_blocking(self._read_end, False)
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()

    def start(self) -> None:
        """Begins to read, once the process has its end."""
        os.close(self.write_end)
        self._loop.add_reader(self._read_end, self._read)

    def discard(self) -> None:
        """Closes both ends of a pipe that no process got."""
        os.close(self.write_end)
        os.close(self._read_end)

    async def finish(self, grace: float) -> None:
        """Reads what is left, for `grace` seconds at most."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), grace)
        self._close()

    def _read(self) -> None:
        try:
            data = os.read(self._read_end, PIECE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            self.output.write(data)
        else:
            self._close()

    def _close(self) -> None:
        if self._read_end < 0:
            return
        self._loop.remove_reader(self._read_end)
        os.close(self._read_end)
        self._read_end = -1
        self._ended.set()
