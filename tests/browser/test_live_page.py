"""The live page beside runs that go on, in a real browser."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.shinka_core.database.fresh import fresh_database
from tests.support.browsing import browser, opened
from tests.support.folding import RUN
from tests.support.long_run import NAME, write_long_run
from tests.support.prefect import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@asynccontextmanager
async def page_of(*results: str) -> AsyncGenerator[str, None]:
    """The address of a live page; it ends as it should when it is told to."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "flows/watch.py", *results, "--port", "0", cwd=ROOT,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    try:
        assert line.startswith("http://127.0.0.1:"), line
        yield line.split()[0]
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = await process.communicate()
    assert (process.returncode, errors.decode()) == (0, "")


async def test_it_follows_runs_that_go_on_and_shows_them_side_by_side(tmp_path: Path, database_url: str | None) -> None:
    url = None if database_url is None else await fresh_database(database_url)
    options = {"database": url or "e.sqlite", "folder": str(tmp_path), "settings": {"num_islands": 2}, "seed": 3}
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.folding", json.dumps(options), cwd=ROOT, stdout=subprocess.PIPE
    )
    assert writer.stdout is not None
    for _ in range(8):
        await writer.stdout.readline()
    (tmp_path / "other").mkdir()
    await write_long_run(tmp_path / "other", 300)
    place = f"{url}:{RUN}" if url else f"{tmp_path / 'e.sqlite'}:{RUN}"
    async with page_of(place, str(tmp_path / "other")) as home, browser() as started, opened(started, home) as page:
        await page.go("compare")
        assert {row["run"] for row in await page.table("Runs")} == {RUN, NAME}
        await page.go("overview")

        async def programs() -> int:
            return int((await page.tile("programs")).split()[0])

        first = await programs()
        for _ in range(25):
            for _ in range(4):
                await writer.stdout.readline()
        async with asyncio.timeout(180):
            while await programs() <= first:
                await asyncio.sleep(0.2)
        await page.go("program/0")
        await page.page.wait_for_selector("role=tab[name='Code']")
        await page.go("overview?run=1")
        assert await programs() == 270
        writer.kill()
        await writer.wait()
