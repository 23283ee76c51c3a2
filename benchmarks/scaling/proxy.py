"""Counts what goes to a server and comes back: `python -m benchmarks.scaling.proxy HOST PORT` prints its own port.

A line on its standard input is answered with the counts so far, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
REQUEST = b" HTTP/1.1\r\n"


class Counts:
    def __init__(self) -> None:
        self.sent = self.received = self.requests = self.connections = 0


async def serve(host: str, port: int) -> None:
    counts = Counts()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, out: bool) -> None:
        tail = b""
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                if out:
                    counts.sent += len(data)
                    seen = tail + data
                    counts.requests += seen.count(REQUEST)
                    tail = seen[-len(REQUEST) + 1 :]
                else:
                    counts.received += len(data)
                writer.write(data)
                await writer.drain()
        writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        counts.connections += 1
        try:
            there = await asyncio.open_connection(host, port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(pump(reader, there[1], out=True), pump(there[0], writer, out=False))

    server = await asyncio.start_server(connected, "127.0.0.1", 0, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(vars(counts)), flush=True)


class Proxy:
    """One that runs in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        assert process.stdout is not None
        self.port = int(process.stdout.readline())

    def counts(self) -> dict[str, Any]:
        """Bytes sent to the server and received from it, requests if it speaks HTTP, connections."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@contextmanager
def counting(host: str, port: int) -> Generator[Proxy, None, None]:
    """A proxy before a server."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.scaling.proxy", host, str(port)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield Proxy(process)
    finally:
        process.kill()
        process.wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
