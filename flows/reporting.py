"""The report of a run: written at its end, and now and then while it goes on, by a process of its own.

It is decoration: nothing waits for it but the end of the run, and that for a while only.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from flows.called import called
from shinka_core.database.address import address_of
from shinka_core.errors import DatabaseError
from shinka_core.report.build import REPORT, STDIN, Place, build, write
from shinka_core.run import Run

logger = logging.getLogger("shinka.report")

COMMAND = Path(__file__).with_name("report.py")
# Seconds until the first one, and what part of the time making them may take.
FIRST = 60.0
SHARE = 0.02
# Programs up to which it is made in this process: it takes less time than to start another.
FEW = 1_000
LONGEST = 600.0
LONGEST_OF_A_STOP = 20.0


@asynccontextmanager
async def reported(run: Run) -> AsyncGenerator[None, None]:
    """Renews the report from time to time inside the block."""
    if not run.settings.evolve.report:
        yield
        return
    renewing = asyncio.create_task(_again_and_again(run), name="report")
    try:
        yield
    finally:
        renewing.cancel()
        await asyncio.wait([renewing])


async def write_report(run: Run) -> None:
    """Writes it at the end of a run; whatever is wrong is logged."""
    if not run.settings.evolve.report:
        return
    limit = LONGEST_OF_A_STOP if run.control.stopped else LONGEST
    try:
        async with asyncio.timeout(limit):
            if run.progress.finished > FEW:
                await _by_another(run)
            else:
                # Apart from the event loop, on which others may work.
                await asyncio.to_thread(_write, _place(run), run.settings.results_dir / REPORT)
    except TimeoutError:
        logger.warning("no %s: it took more than %g s; %s writes it later", REPORT, limit, called("report"))
    except (DatabaseError, OSError) as error:
        logger.warning("no %s: %s; %s writes it later", REPORT, error, called("report"))


async def _again_and_again(run: Run) -> None:
    pause = FIRST
    while True:
        await asyncio.sleep(pause)
        began = time.monotonic()
        try:
            async with asyncio.timeout(LONGEST):
                await _by_another(run)
        except (DatabaseError, OSError, TimeoutError) as error:
            logger.info("the report was not renewed: %s", error)
        pause = max(FIRST, (time.monotonic() - began) / SHARE)


def _place(run: Run) -> Place:
    setting = run.settings.database.db_path
    address = address_of(setting, run.settings.results_dir)
    return Place(str(address.file or setting), run.evolution)


def _write(place: Place, path: Path) -> None:
    write(path, asyncio.run(build([place])))


async def _by_another(run: Run) -> None:
    """By a process that leaves the processor to whoever needs it.

    Raises:
        OSError: It could not be started, or failed.
    """
    place = _place(run)
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(COMMAND), STDIN, "--out", str(run.settings.results_dir / REPORT), "--quiet",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        preexec_fn=_step_back if os.name == "posix" else None,
    )  # fmt: skip
    try:
        # An address may hold a password, which has no place on a command line.
        _, errors = await process.communicate(f"{place.where}\n{place.name}\n".encode())
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode:
        raise OSError(errors.decode(errors="replace").strip()[-500:] or f"exit code {process.returncode}")


def _step_back() -> None:
    os.nice(10)
