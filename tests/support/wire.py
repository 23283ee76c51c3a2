"""A line to a server that a test can cut, hold up, or lose one answer on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress


class Wire:
    """Passes bytes between clients and a server on this machine.

    Attributes:
        port: Where clients connect.
        lose_receipt_of: Once the client has sent these bytes, the server's answer to them is lost and the line cut.
        lost: How often that was.
        silent: Nothing is passed on any more, as with a machine that has vanished.
    """

    def __init__(self, server_port: int) -> None:
        self.port = 0
        self.lose_receipt_of = b""
        self.lost = 0
        self.silent = False
        self._server_port = server_port
        self._lines: set[asyncio.Task[None]] = set()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._lines.add(task)
        with suppress(OSError, asyncio.CancelledError):
            answers, questions = await asyncio.open_connection("127.0.0.1", self._server_port)
            try:
                losing = asyncio.Event()
                down = asyncio.create_task(self._pass(answers, writer, losing))
                await self._up(reader, questions, losing)
                down.cancel()
            finally:
                questions.close()
                writer.close()
        self._lines.discard(task)

    async def _up(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, losing: asyncio.Event) -> None:
        while data := await reader.read(65_536):
            while self.silent:
                await asyncio.sleep(0.01)
            if self.lose_receipt_of and self.lose_receipt_of in data:
                self.lose_receipt_of = b""
                losing.set()
                writer.write(data)
                await writer.drain()
                await asyncio.sleep(0.3)  # the server has done it by then
                self.lost += 1
                return
            writer.write(data)
            await writer.drain()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, losing: asyncio.Event) -> None:
        with suppress(OSError):
            while data := await reader.read(65_536):
                while self.silent:
                    await asyncio.sleep(0.01)
                if not losing.is_set():
                    writer.write(data)
                    await writer.drain()
        writer.close()

    def close(self) -> None:
        for line in self._lines:
            line.cancel()


@asynccontextmanager
async def wire_to(port: int) -> AsyncGenerator[Wire, None]:
    """A line to the server on that port."""
    wire = Wire(port)
    server = await asyncio.start_server(wire.connected, "127.0.0.1", 0)
    wire.port = server.sockets[0].getsockname()[1]
    try:
        yield wire
    finally:
        wire.silent = False
        server.close()
        wire.close()
