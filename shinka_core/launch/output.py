"""Keeping what an evaluation prints, without letting it fill memory or disk."""

from __future__ import annotations

import asyncio

CHUNK = 65_536


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


async def drain(stream: asyncio.StreamReader, output: BoundedOutput) -> None:
    """Reads a stream to its end."""
    while data := await stream.read(CHUNK):
        output.write(data)
