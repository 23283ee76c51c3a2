"""Time limits count the time in which the process runs."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from shinka_core.llm.patience import awake_for
from tests.support.prefect import ROOT

ASKS = """
    import asyncio, sys
    from shinka_core.config import EvolutionConfig
    from shinka_core.llm.connection import Connection
    from shinka_core.llm.libraries import CHAT
    from shinka_core.llm.endpoint import endpoint_of

    async def slow(reader, writer):
        await reader.readuntil(b"\\r\\n\\r\\n")
        print("asked", flush=True)
        await asyncio.sleep(0.5)
        writer.write(b"HTTP/1.1 200 OK\\r\\ncontent-length: 2\\r\\n\\r\\n{}")
        await writer.drain()

    async def main():
        server = await asyncio.start_server(slow, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        config = EvolutionConfig(llm_base_url=f"http://127.0.0.1:{port}/v1", llm_models=["m"])
        connection = Connection(endpoint_of("m", config), timeout=1.5)
        reply = await connection.post(CHAT, {"model": "m", "messages": []}, model="m")
        print(reply.status, flush=True)

    asyncio.run(main())
"""


async def test_what_takes_too_long_is_given_up() -> None:
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        async with awake_for(0.3):
            await asyncio.sleep(30)
    assert 0.25 < time.monotonic() - started < 5


async def test_what_ends_in_time_is_left_alone() -> None:
    async with awake_for(0.2):
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.3)  # nothing of the limit is left that could strike now


async def test_a_loop_that_stood_still_is_not_counted() -> None:
    async with awake_for(0.5):
        time.sleep(1.0)
        await asyncio.sleep(0.1)


@pytest.mark.slow
def test_an_answer_that_came_while_the_process_was_stopped_is_not_thrown_away() -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "OPENAI_API_KEY": "x"}
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(ASKS)], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "asked\n"
        process.send_signal(signal.SIGSTOP)
        time.sleep(2.5)  # longer than the limit
        process.send_signal(signal.SIGCONT)
        assert process.stdout.readline() == "200\n"
