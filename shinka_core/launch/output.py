"""Keeping what an evaluation prints, without letting it fill memory or disk."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress


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

    Made here and not by asyncio, whose `Process.wait` returns only when its pipes are closed: a
    stray child that holds one open would make a finished evaluation look like a running one.
    """

    def __init__(self, limit: int) -> None:
        """Opens the pipe; `write_end` is for the process."""
        self.output = BoundedOutput(limit)
        self._read_end, self.write_end = os.pipe()
        self._transport: asyncio.ReadTransport | None = None
        self._ended = asyncio.Event()

    async def start(self) -> None:
        """Begins to read, once the process has its end."""
        os.close(self.write_end)
        source = os.fdopen(self._read_end, "rb", buffering=0)
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.connect_read_pipe(lambda: _Reading(self.output, self._ended), source)

    def discard(self) -> None:
        """Closes both ends of a pipe that no process got."""
        os.close(self.write_end)
        os.close(self._read_end)

    async def finish(self, grace: float) -> None:
        """Reads what is left, for `grace` seconds at most."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), grace)
        if self._transport is not None:
            self._transport.close()


class _Reading(asyncio.Protocol):
    def __init__(self, output: BoundedOutput, ended: asyncio.Event) -> None:
        self._output = output
        self._ended = ended

    def data_received(self, data: bytes) -> None:
        self._output.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._ended.set()
